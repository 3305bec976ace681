internal import CCairnSystem
package import CairnCore

/// An open file that is closed when the value goes. Calls that a signal interrupts are made again.
///
/// Errors name no path, because a descriptor has none: add it with ``CairnError/within(_:)``.
package struct FileDescriptor: ~Copyable, Sendable {
  /// The number for calls of the C library. It is not valid longer than this value.
  package let number: Int32

  /// Takes over `number`, which nobody else may close.
  package init(owning number: Int32) {
    precondition(number >= 0, "not a descriptor")
    self.number = number
  }

  deinit {
    // A failed close of what was only read means nothing; writers call `close()` or `sync()`.
    _ = cairn_close(number)
  }

  /// Closes and reports what a network file system may only tell now.
  package consuming func close() throws(CairnError) {
    let number = self.number
    discard self
    try checked(cairn_close(number), "close", "file")
  }

  /// Gives the number away; the receiver closes it.
  package consuming func release() -> Int32 {
    let number = self.number
    discard self
    return number
  }

  /// A second descriptor of the same open file.
  package func duplicate() throws(CairnError) -> FileDescriptor {
    FileDescriptor(owning: try checked(cairn_duplicate(number), "duplicate", "descriptor"))
  }

  /// Reads at the file position; returns the bytes read, 0 at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(CairnError) -> Int {
    try checked(cairn_read(number, buffer.baseAddress, buffer.count), "read", "file")
  }

  /// Reads at `offset`; returns the bytes read, possibly fewer than asked, 0 at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64)
    throws(CairnError) -> Int
  {
    try checked(cairn_pread(number, buffer.baseAddress, buffer.count, offset), "read", "file")
  }

  /// Reads at `offset` until `buffer` is full or the file ends; returns the bytes read.
  package func readFully(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64)
    throws(CairnError) -> Int
  {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try read(into: rest, at: offset + UInt64(done))
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Writes all of `buffer` at the file position.
  package func write(_ buffer: UnsafeRawBufferPointer) throws(CairnError) {
    try checked(cairn_write_all(number, buffer.baseAddress, buffer.count), "write", "file")
  }

  /// Writes all of `buffer` at `offset`.
  package func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(CairnError) {
    try checked(
      cairn_pwrite_all(number, buffer.baseAddress, buffer.count, offset), "write", "file")
  }

  /// Writes all of `bytes` at `offset`.
  package func write(_ bytes: [UInt8], at offset: UInt64) throws(CairnError) {
    try checked(cairn_pwrite_all(number, bytes, bytes.count, offset), "write", "file")
  }

  /// Makes content and metadata durable.
  package func sync() throws(CairnError) {
    try checked(cairn_fsync(number), "sync", "file")
  }

  /// Makes content durable, and of the metadata what is needed to read it.
  package func syncData() throws(CairnError) {
    try checked(cairn_fdatasync(number), "sync", "file")
  }

  /// Cuts or extends to `byteCount`; what is added is a hole.
  package func truncate(to byteCount: UInt64) throws(CairnError) {
    try checked(cairn_ftruncate(number, byteCount), "truncate", "file")
  }

  /// Type, size, owner, times and the rest; one system call.
  package func status() throws(CairnError) -> FileStatus {
    var raw = cairn_status()
    try checked(cairn_status_of(number, &raw), "examine", "file")
    return FileStatus(raw)
  }
}

extension FileDescriptor {
  /// What is going to be done with the content, so that the kernel can read ahead or forget.
  package enum Advice: Sendable {
    case sequential, willNeed, dontNeed
  }

  /// Advises about `byteCount` bytes from `offset` on; 0 means to the end. Purely a hint: pipes
  /// and file systems that don't take it are no error.
  package func advise(_ advice: Advice, offset: UInt64 = 0, byteCount: UInt64 = 0) {
    let value =
      switch advice {
      case .sequential: CAIRN_ADVISE_SEQUENTIAL
      case .willNeed: CAIRN_ADVISE_WILLNEED
      case .dontNeed: CAIRN_ADVISE_DONTNEED
      }
    _ = cairn_advise(number, offset, byteCount, Int32(value))
  }

  /// Reserves space, so that a full disk shows before the content is written. With `keepingSize`
  /// the file's length stays. `false` when the file system can't.
  package func allocate(offset: UInt64, byteCount: UInt64, keepingSize: Bool = false)
    throws(CairnError) -> Bool
  {
    guard byteCount > 0 else { return true }
    return try unlessUnsupported(
      cairn_allocate(number, offset, byteCount, keepingSize ? 1 : 0), "reserve space for")
  }

  /// Turns a range into a hole. `false` when the file system can't.
  package func punchHole(offset: UInt64, byteCount: UInt64) throws(CairnError) -> Bool {
    guard byteCount > 0 else { return true }
    return try unlessUnsupported(
      cairn_punch_hole(number, offset, byteCount), "punch a hole into")
  }

  /// Switches O_DIRECT. `false` when the file system refuses it.
  package func setDirect(_ isOn: Bool) throws(CairnError) -> Bool {
    try unlessUnsupported(cairn_set_direct(number, isOn ? 1 : 0), "open past the page cache")
  }

  private func unlessUnsupported(_ result: Int32, _ operation: StaticString) throws(CairnError)
    -> Bool
  {
    if Errno.meansUnsupported(-result) { return false }
    try checked(result, operation, "file")
    return true
  }
}
