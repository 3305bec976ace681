internal import Glibc

/// The few `errno` values that callers tell apart, for those who don't import the C library.
package enum Errno {
  package static let notFound = ENOENT
  package static let exists = EEXIST
  /// A symbolic link where none may be followed.
  package static let symbolicLink = ELOOP
  package static let notDirectory = ENOTDIR
  package static let isDirectory = EISDIR
  package static let notEmpty = ENOTEMPTY
  package static let notPermitted = EPERM
  package static let stale = ESTALE
  package static let tooManyOpenFiles = EMFILE
  /// The path leaves the directory it must stay in.
  package static let crossing = EXDEV

  /// Whether a refusal means that this file system or kernel lacks the feature.
  package static func meansUnsupported(_ errno: Int32) -> Bool {
    errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == ENOTTY
  }
}
