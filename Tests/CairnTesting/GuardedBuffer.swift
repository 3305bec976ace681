import Glibc

/// Memory between two pages that nobody may touch: code that reads or writes a byte beside it
/// traps at once.
package struct GuardedBuffer: ~Copyable {
  private static let pageByteCount = Int(sysconf(Int32(_SC_PAGESIZE)))
  private let mapping: UnsafeMutableRawPointer
  private let mappedByteCount: Int
  /// The bytes between the guards: whole pages, at least as many as asked for, zero at first.
  package let bytes: UnsafeMutableRawBufferPointer

  package init(byteCount: Int) {
    let page = GuardedBuffer.pageByteCount
    let usable = (byteCount + page - 1) / page * page
    mappedByteCount = usable + 2 * page
    let address = mmap(nil, mappedByteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address, address != MAP_FAILED else { preconditionFailure("mmap failed") }
    mapping = address
    let start = address.advanced(by: page)
    precondition(mprotect(start, usable, PROT_READ | PROT_WRITE) == 0, "mprotect failed")
    bytes = UnsafeMutableRawBufferPointer(start: start, count: usable)
  }

  deinit { munmap(mapping, mappedByteCount) }
}
