internal import CCairnSystem
package import CairnCore
internal import Glibc

/// An advisory lock on a file (`flock`), held until the value goes or the process dies. It excludes
/// other holders in this process too.
package struct FileLock: ~Copyable, Sendable {
  package enum Mode: Sendable {
    case shared, exclusive
  }

  private let file: FileDescriptor

  private init(_ file: consuming FileDescriptor) {
    self.file = file
  }

  /// Waits until the lock is free. The file is created when missing and never removed: removing a
  /// lock file lets two holders in.
  package static func wait(
    for path: RawPath, in directory: DirectoryHandle = .working, _ mode: Mode = .exclusive
  ) throws(CairnError) -> FileLock {
    let file = try open(path, directory)
    try checked(cairn_lock(file.number, mode == .exclusive ? 1 : 0, 1), "lock", path)
    return FileLock(file)
  }

  /// Takes the lock if it is free; `nil` when somebody else holds it.
  package static func attempt(
    _ path: RawPath, in directory: DirectoryHandle = .working, _ mode: Mode = .exclusive
  ) throws(CairnError) -> FileLock? {
    let file = try open(path, directory)
    let result = cairn_lock(file.number, mode == .exclusive ? 1 : 0, 0)
    if result == -EWOULDBLOCK { return nil }
    try checked(result, "lock", path)
    return FileLock(file)
  }

  /// Gives the lock up now rather than when the value goes.
  package consuming func unlock() throws(CairnError) {
    try checked(cairn_unlock(file.number), "unlock", "file")
  }

  private static func open(_ path: RawPath, _ directory: DirectoryHandle) throws(CairnError)
    -> FileDescriptor
  {
    try directory.open(path, [.read, .write, .createMissing], mode: 0o600)
  }
}
