internal import CCairnSystem
package import CairnCore
internal import Glibc

/// Making, removing and renaming entries. An existing name is never replaced unless the call says
/// so.
extension DirectoryHandle {
  /// `mode` is subject to the umask.
  package func makeDirectory(_ name: RawPath, mode: UInt16 = 0o700) throws(CairnError) {
    try checked(
      name.withCString { cairn_make_directory(number, $0, UInt32(mode)) }, "create directory",
      name)
  }

  /// Makes every missing directory of a path of several components; links in it are followed, so
  /// this is for paths that the user chose, not for those from a repository.
  package func makeDirectories(_ path: RawPath, mode: UInt16 = 0o700) throws(CairnError) {
    var place = path.isAbsolute ? RawPath("/") : RawPath([])
    for component in path.components {
      place = place.appending(component)
      let result = place.withCString { cairn_make_directory(number, $0, UInt32(mode)) }
      if result != -EEXIST { try checked(result, "create directory", place) }
    }
    _ = try open(path.bytes.isEmpty ? .current : path, [.directory, .placeOnly, .followingLink])
  }

  package func makeSymlink(_ name: RawPath, target: RawPath) throws(CairnError) {
    let result = name.withCString { link in
      target.withCString { cairn_make_symlink(number, link, $0) }
    }
    try checked(result, "create symbolic link", name)
  }

  /// A second name for `existing`, which may lie in another directory of the same file system.
  package func makeHardLink(
    _ name: RawPath, to existing: RawPath, in other: DirectoryHandle? = nil
  ) throws(CairnError) {
    let source = other ?? self
    let result = name.withCString { link in
      existing.withCString { cairn_make_link(source.number, $0, number, link) }
    }
    try checked(result, "create hard link", name)
  }

  /// A FIFO, a socket's name, or (with the privilege) a device. Other types are a programmer's
  /// mistake.
  package func makeNode(
    _ name: RawPath, type: FileType, mode: UInt16 = 0o600, major: UInt32 = 0, minor: UInt32 = 0
  ) throws(CairnError) {
    let bits: UInt32
    switch type {
    case .fifo: bits = 0o010000
    case .characterDevice: bits = 0o020000
    case .blockDevice: bits = 0o060000
    case .socket: bits = 0o140000
    case .regular, .directory, .symlink, .unknown:
      preconditionFailure("only FIFOs, sockets and devices are made as nodes")
    }
    try checked(
      name.withCString { cairn_make_node(number, $0, bits | UInt32(mode), major, minor) },
      "create special file", name)
  }

  /// Removes anything but a directory.
  package func removeFile(_ name: RawPath) throws(CairnError) {
    try checked(name.withCString { cairn_unlink(number, $0, 0) }, "remove", name)
  }

  /// Removes an empty directory.
  package func removeDirectory(_ name: RawPath) throws(CairnError) {
    try checked(name.withCString { cairn_unlink(number, $0, 1) }, "remove directory", name)
  }

  /// Renames within a file system, in one step. With `replacing` false an existing `newName` is an
  /// `exists` error.
  package func rename(
    _ name: RawPath, to newName: RawPath, in other: DirectoryHandle? = nil, replacing: Bool
  ) throws(CairnError) {
    let destination = other ?? self
    let result = name.withCString { from in
      newName.withCString {
        cairn_rename(number, from, destination.number, $0, replacing ? 1 : 0)
      }
    }
    try checked(result, "rename to", newName)
  }

  /// The target of a symbolic link.
  package func linkTarget(of name: RawPath) throws(CairnError) -> [UInt8] {
    var capacity = 256
    while true {
      var count = 0
      let target = name.withCString { name in
        [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
          buffer.withMemoryRebound(to: CChar.self) {
            count = cairn_read_link(number, name, $0.baseAddress!, capacity)
          }
          initialized = max(0, count)
        }
      }
      try checked(count, "read symbolic link", name)
      // A full buffer may be a cut target.
      if count < capacity { return target }
      capacity *= 4
    }
  }
}
