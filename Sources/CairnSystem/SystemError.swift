package import CairnCore
internal import Glibc

extension CairnError {
  /// What a system call's failure means for the rest of the program. The only place where `errno`
  /// becomes a code.
  ///
  /// The message reads `cannot <operation> <path>: <reason>`.
  package static func system(_ errno: Int32, _ operation: String, _ path: RawPath) -> CairnError {
    system(errno, operation, path.displayText)
  }

  /// The same for something that is not a path; `subject` may be empty.
  package static func system(_ errno: Int32, _ operation: String, _ subject: String = "")
    -> CairnError
  {
    let what = subject.isEmpty ? operation : "\(operation) \(subject)"
    return CairnError(
      code(of: errno), "cannot \(what): \(systemMessage(errno))", errno: errno)
  }

  private static func code(of errno: Int32) -> Code {
    switch errno {
    case ENOSPC, EDQUOT: .outOfSpace
    case EACCES, EPERM, EROFS: .denied
    case ENOENT: .notFound
    case EEXIST: .exists
    default: .failed
    }
  }

  /// The C library's sentence for `errno`.
  package static func systemMessage(_ errno: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      buffer.initialize(repeating: 0)
      // Whichever of the two strerror_r variants is imported, an unknown number leaves no text.
      _ = strerror_r(errno, buffer.baseAddress!, buffer.count)
      let text = String(cString: buffer.baseAddress!)
      return text.isEmpty ? "error \(errno)" : text
    }
  }
}

/// Turns the negative result of a C shim into an error; passes others on.
@inline(__always)
@discardableResult
func checked<I: FixedWidthInteger & SignedInteger>(
  _ result: I, _ operation: StaticString, _ path: RawPath
)
  throws(CairnError) -> I
{
  if result < 0 { throw failure(Int32(-result), operation, path) }
  return result
}

@inline(never)
func failure(_ errno: Int32, _ operation: StaticString, _ path: RawPath) -> CairnError {
  CairnError.system(errno, "\(operation)", path)
}
