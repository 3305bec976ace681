/// What went wrong, as one clear sentence for the person, a code for the program and, where there
/// is one, the object or path it happened to.
///
/// Every error a disk, a network, a repository or a user can cause is a `CairnError`; mistakes of
/// the programmer are preconditions.
package struct CairnError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is; it decides the exit status (see ``ExitStatus``).
  package enum Code: String, Sendable {
    /// The operation failed for a reason that has no status of its own.
    case failed
    /// The command line or an option makes no sense.
    case usage
    /// No repository lies at the given place.
    case noRepository
    /// Somebody else uses the repository in a way that excludes this operation.
    case busy
    /// No key slot opens with the given password.
    case wrongPassword
    /// Stored bytes are missing or are not what was written.
    case damaged
    /// The operation was stopped on request.
    case interrupted
    /// An object or a file does not exist.
    case notFound
    /// The object exists already.
    case exists
    /// A disk or quota is full.
    case outOfSpace
    /// The operating system refused for lack of permission.
    case denied
    /// The repository needs a feature that this program does not have.
    case unsupported
  }

  package let code: Code
  package let message: String
  /// `errno` of the system call that failed, if one did.
  package let errno: Int32?

  package init(_ code: Code, _ message: String, errno: Int32? = nil) {
    self.code = code
    self.message = message
    self.errno = errno
  }

  package static func damaged(_ message: String) -> CairnError {
    CairnError(.damaged, message)
  }

  package static let interrupted = CairnError(.interrupted, "interrupted")

  package var description: String { message }

  /// The same failure, told from one level up: `context: message`.
  package func within(_ context: String) -> CairnError {
    CairnError(code, "\(context): \(message)", errno: errno)
  }
}

/// Exit statuses of the command line; they are part of its interface.
package enum ExitStatus: Int32, Sendable {
  case done = 0
  case failed = 1
  case usage = 2
  /// A snapshot was written, but some source files could not be read.
  case incomplete = 3
  case noRepository = 10
  case busy = 11
  case wrongPassword = 12
  case damaged = 13
  case interrupted = 130

  package init(_ code: CairnError.Code) {
    self =
      switch code {
      case .usage: .usage
      case .noRepository: .noRepository
      case .busy: .busy
      case .wrongPassword: .wrongPassword
      case .damaged: .damaged
      case .interrupted: .interrupted
      case .failed, .notFound, .exists, .outOfSpace, .denied, .unsupported: .failed
      }
  }
}
