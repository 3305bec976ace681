package import CairnCore
internal import Glibc

/// Writes long runs of a file past the page cache: large restores then cost neither the copy into
/// the cache nor the memory, which is a third of their time where memory is scarce. For one thread.
///
/// Ends of a run that don't fill a page go through the cache, and so does everything where the file
/// system refuses.
package final class DirectWriter {
  /// Shorter runs aren't worth the second descriptor.
  package static let runByteCountMin = 256 << 10
  private static let page = AlignedBuffer.alignment

  private let bounce: AlignedBuffer

  package init(bufferByteCount: Int = 2 << 20) {
    bounce = AlignedBuffer(capacity: bufferByteCount)
  }

  /// Writes all of `bytes` at `offset` of the open file `number`, which stays open and buffered.
  package func write(
    _ bytes: UnsafeRawBufferPointer, at offset: UInt64, to number: Int32
  ) throws(CairnError) {
    var done = 0
    if bytes.count >= DirectWriter.runByteCountMin,
      let direct = DirectWriter.reopen(number)
    {
      let head =
        Int((UInt64(DirectWriter.page) - offset % UInt64(DirectWriter.page)))
        % DirectWriter.page
      try DirectWriter.writeAll(bytes[0..<head], at: offset, to: number)
      done = head
      while bytes.count - done >= DirectWriter.page {
        let count = min(bytes.count - done, bounce.capacity) / DirectWriter.page * DirectWriter.page
        bounce.pointer.copyMemory(from: bytes.baseAddress! + done, byteCount: count)
        let written = pwrite(direct.number, bounce.pointer, count, off_t(offset) + done)
        if written < 0 && Glibc.errno == EINTR { continue }
        if written < 0 && Glibc.errno != EINVAL {
          throw CairnError.system(Glibc.errno, "write", "file")
        }
        // Refused, or cut short within a page: the rest goes the other way.
        if written <= 0 || written % DirectWriter.page != 0 { break }
        done += written
      }
    }
    try DirectWriter.writeAll(bytes[done...], at: offset + UInt64(done), to: number)
  }

  private static func writeAll(
    _ bytes: Slice<UnsafeRawBufferPointer>, at offset: UInt64, to number: Int32
  ) throws(CairnError) {
    guard !bytes.isEmpty else { return }
    let file = FileDescriptor(owning: number)
    do throws(CairnError) {
      try file.write(UnsafeRawBufferPointer(rebasing: bytes), at: offset)
      _ = file.release()
    } catch {
      _ = file.release()
      throw error
    }
  }

  /// The same file, past the cache; `nil` where that isn't to be had.
  private static func reopen(_ number: Int32) -> FileDescriptor? {
    let direct = DirectFile.reopen(number)
    return direct >= 0 ? FileDescriptor(owning: direct) : nil
  }
}
