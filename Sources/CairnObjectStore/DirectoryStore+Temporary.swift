internal import CairnCore
internal import CairnSystem
internal import Glibc

/// A file being written, not yet an object.
struct TemporaryFile: Sendable {
  let path: String
  let file: StoredFile
  /// Whether `file` writes past the page cache.
  let isDirect: Bool
}

extension DirectoryStore {
  /// Creates an empty file in `tmp`, with a name that tells who made it.
  func makeTemporaryFile(direct: Bool) throws(CairnError) -> TemporaryFile {
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    let path = "\(root)tmp/\(getpid())-\(random)"
    for attempt in 0... {
      try prepareFolder(of: path)
      if direct {
        let descriptor = uninterrupted { DirectFile.create(path) }
        if descriptor >= 0 {
          return TemporaryFile(path: path, file: StoredFile(owning: descriptor), isDirect: true)
        }
        let number = errno
        if number == EINVAL {
          // Some kernels create the file before they refuse the mode of writing.
          _ = unlink(path)
        } else if number != ENOENT {
          throw failure(number, "create a file")
        }
      }
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
      let descriptor = uninterrupted { open(path, flags, 0o600) }
      if descriptor >= 0 {
        return TemporaryFile(path: path, file: StoredFile(owning: descriptor), isDirect: false)
      }
      let number = errno
      guard number == ENOENT, attempt == 0 else { throw failure(number, "create a file") }
      // Somebody cleaned up empty folders while this process was running.
      forgetFolders()
    }
    preconditionFailure("two attempts at most")
  }

  /// Removes what can't become an object any more. A failure leaves it to `removeLeftovers`.
  func removeTemporaryFile(_ path: String) {
    _ = unlink(path)
  }

  /// Turns a written and synced file into the object `key`, durably. The temporary name is gone
  /// afterwards, unless an error is thrown.
  func publish(_ temporary: String, as key: ObjectKey, mode: PutMode) throws(CairnError) {
    let target = path(key)
    for attempt in 0... {
      if key.kind != .config { try prepareFolder(of: target) }
      let number = rename(temporary, to: target, replacing: mode == .replace)
      switch number {
      case 0:
        break
      case EEXIST where mode == .keepExisting:
        // The writer of the existing object may not have synced the folder yet; this call promises
        // durability all the same.
        removeTemporaryFile(temporary)
      case ENOENT where attempt == 0:
        forgetFolders()
        continue
      default:
        throw failure(number, "store \(key)")
      }
      drop(key)
      return try sync(folder: Self.parent(of: target) ?? root)
    }
  }

  /// Returns 0 or the `errno` of the failure.
  private func rename(_ from: String, to target: String, replacing: Bool) -> Int32 {
    if replacing { return Glibc.rename(from, target) == 0 ? 0 : errno }
    if DirectFile.renameExclusively(from, to: target) == 0 { return 0 }
    let number = errno
    guard number == EINVAL || number == ENOSYS else { return number }
    // Not on this file system: a second name does the same in two steps.
    if link(from, target) == 0 {
      removeTemporaryFile(from)
      return 0
    }
    let reason = errno
    guard reason == EPERM || reason == ENOTSUP || reason == ENOSYS else { return reason }
    // Neither (FAT and its like). Two writers of the same key at the same moment may both succeed
    // here; keys are content hashes but for the config, so they store the same bytes.
    if access(target, F_OK) == 0 { return EEXIST }
    return Glibc.rename(from, target) == 0 ? 0 : errno
  }
}
