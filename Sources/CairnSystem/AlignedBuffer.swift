internal import Glibc

/// Uninitialised memory of a fixed size, page-aligned so that it serves O_DIRECT. One owner at a
/// time uses it; handing it to another thread through a queue or pool hands over its content.
package final class AlignedBuffer: @unchecked Sendable {
  // Unchecked: the class hands out raw memory; who holds the buffer has it alone.
  package let pointer: UnsafeMutableRawPointer
  package let capacity: Int
  /// Bytes in use; up to the owner.
  package var byteCount = 0

  private let allocation: UnsafeMutableRawPointer

  package static let alignment = 4096

  /// `stagger` shifts the memory by that many bytes: buffers that lie exactly a large power of two
  /// apart compete for the same cache sets when they are read in step. Odd multiples of 64 help
  /// most but lose the page alignment; multiples of 4,096 keep it.
  package init(capacity: Int, stagger: Int = 0) {
    precondition(capacity > 0 && stagger >= 0, "a buffer has a size")
    var memory: UnsafeMutableRawPointer?
    let status = posix_memalign(&memory, AlignedBuffer.alignment, capacity + stagger)
    guard status == 0, let memory else { preconditionFailure("out of memory") }
    allocation = memory
    pointer = memory + stagger
    self.capacity = capacity
  }

  deinit {
    free(allocation)
  }

  /// All of the memory.
  package var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: pointer, count: capacity)
  }

  /// The first ``byteCount`` bytes.
  package var filled: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: pointer, count: byteCount)
  }
}
