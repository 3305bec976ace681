internal import CCairnSystem
package import CairnCore
internal import Glibc

/// Restoring metadata by name; a symbolic link itself is changed, never what it points to.
extension DirectoryHandle {
  /// Needs the privilege, else a `denied` error. Clears set-user-id bits: set the mode after it.
  package func setOwner(of name: RawPath, uid: UInt32, gid: UInt32) throws(CairnError) {
    try checked(
      name.withCString { cairn_set_owner(number, $0, uid, gid) }, "change the owner of", name)
  }

  /// A symbolic link, which has no mode on Linux, is left as it is.
  package func setMode(of name: RawPath, _ mode: UInt16) throws(CairnError) {
    let result = name.withCString { cairn_set_mode(number, $0, UInt32(mode)) }
    if result == -EOPNOTSUPP, try status(of: name).type == .symlink { return }
    try checked(result, "change the mode of", name)
  }

  /// The access time stays.
  package func setModificationTime(of name: RawPath, _ time: Timestamp) throws(CairnError) {
    try checked(
      name.withCString { cairn_set_mtime(number, $0, time.seconds, time.nanoseconds) },
      "set the time of", name)
  }
}

extension FileDescriptor {
  /// Needs the privilege, else a `denied` error. Clears set-user-id bits: set the mode after it.
  package func setOwner(uid: UInt32, gid: UInt32) throws(CairnError) {
    try checked(cairn_set_owner_of(number, uid, gid), "change the owner of", "file")
  }

  package func setMode(_ mode: UInt16) throws(CairnError) {
    try checked(cairn_set_mode_of(number, UInt32(mode)), "change the mode of", "file")
  }

  /// The access time stays.
  package func setModificationTime(_ time: Timestamp) throws(CairnError) {
    try checked(
      cairn_set_mtime_of(number, time.seconds, time.nanoseconds), "set the time of", "file")
  }
}
