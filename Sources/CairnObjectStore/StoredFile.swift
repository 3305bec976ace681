internal import CairnCore
internal import Glibc

/// An open file of a directory store; closed when the last reader lets go of it.
final class StoredFile: Sendable {
  let descriptor: Int32

  /// Takes over an open descriptor.
  init(owning descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    // Everything that had to be durable was synced before; nothing is left for close to report.
    _ = close(descriptor)
  }

  /// Opens an existing file for reading. Returns `nil` with `errno` set when that fails.
  static func open(_ path: String) -> StoredFile? {
    let descriptor = uninterrupted { Glibc.open(path, O_RDONLY | O_CLOEXEC) }
    return descriptor < 0 ? nil : StoredFile(owning: descriptor)
  }

  /// Length and link count; `nil` with `errno` set when the system can't tell.
  func status() -> stat? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status : nil
  }

  /// Fills `buffer` from `offset` on. Returns the bytes read, fewer only at the end of the file, or
  /// -1 with `errno` set.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = uninterrupted {
        pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
      }
      if count < 0 { return -1 }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Writes all of `bytes` at `offset`. Returns the bytes written, fewer than asked only when a
  /// call failed, with `errno` set.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = uninterrupted {
        pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
      }
      if count == 0 { errno = EIO }
      if count <= 0 { return done }
      done += count
    }
    return done
  }
}

/// Repeats a system call for as long as a signal interrupts it.
@inline(__always)
func uninterrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}

extension CairnError {
  /// The failure of a system call: `can't <action>: <reason>`, with the code that fits `number`.
  static func system(_ number: Int32, _ action: String) -> CairnError {
    let code: Code =
      switch number {
      case ENOENT, ENOTDIR: .notFound
      case EEXIST: .exists
      case ENOSPC, EDQUOT: .outOfSpace
      case EACCES, EPERM, EROFS: .denied
      default: .failed
      }
    return CairnError(code, "can't \(action): \(String(cString: strerror(number)))", errno: number)
  }
}
