internal import CCairnSystem
package import CairnCore
internal import Glibc

extension FileDescriptor {
  /// A descriptor of its own for what `number`, which stays the caller's, refers to.
  package init(borrowing number: Int32) throws(CairnError) {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw CairnError.system(Glibc.errno, "duplicate", "descriptor") }
    self.init(owning: copy)
  }

  /// Reads from the file position until `buffer` is full or the file ends. Small regular files
  /// give all they have in one call, and a short answer means their end.
  package func readOnce(into buffer: UnsafeMutableRawBufferPointer) throws(CairnError) -> Int {
    try read(into: buffer)
  }
}

extension FileStatus {
  /// Nothing yet; to be filled in.
  package static var blank: FileStatus { FileStatus(cairn_status()) }
}
