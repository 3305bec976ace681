package import CairnCore
package import CairnSystem

/// A description of files to make: every kind that Linux has, with the metadata a backup must
/// bring back.
///
///     let skipped = try FileTree([
///       .file("notes", "text", mode: 0o640),
///       .directory("d", [.symlink("up", to: "../notes"), .hardLink("same", to: "notes")]),
///     ]).build(at: temporary.appending("tree"))
///
/// Hard links name their target from the top of the tree and come after it.
package struct FileTree: Sendable {
  package var entries: [Entry]

  package init(_ entries: [Entry]) {
    self.entries = entries
  }

  package struct Entry: Sendable {
    package var name: RawPath
    package var kind: Kind
    package var mode: UInt16?
    package var owner: (uid: UInt32, gid: UInt32)?
    package var mtime: Timestamp?
    package var attributes: [ExtendedAttribute]
  }

  package enum Kind: Sendable {
    case file([UInt8])
    /// Data at some offsets; the rest, up to the size, are holes.
    case sparse(size: UInt64, [(offset: UInt64, bytes: [UInt8])])
    case directory([Entry])
    case symlink(RawPath)
    case hardLink(RawPath)
    case fifo
    case socket
    case characterDevice(major: UInt32, minor: UInt32)
    case blockDevice(major: UInt32, minor: UInt32)
  }
}

extension FileTree.Entry {
  package init(
    _ name: RawPath, _ kind: FileTree.Kind, mode: UInt16? = nil,
    owner: (uid: UInt32, gid: UInt32)? = nil, mtime: Timestamp? = nil,
    attributes: [ExtendedAttribute] = []
  ) {
    self.name = name
    self.kind = kind
    self.mode = mode
    self.owner = owner
    self.mtime = mtime
    self.attributes = attributes
  }

  package static func file(
    _ name: RawPath, _ text: String = "", mode: UInt16? = nil, mtime: Timestamp? = nil,
    attributes: [ExtendedAttribute] = []
  ) -> Self {
    Self(name, .file([UInt8](text.utf8)), mode: mode, mtime: mtime, attributes: attributes)
  }

  package static func file(
    _ name: RawPath, bytes: [UInt8], mode: UInt16? = nil, mtime: Timestamp? = nil
  ) -> Self {
    Self(name, .file(bytes), mode: mode, mtime: mtime)
  }

  package static func directory(
    _ name: RawPath, _ entries: [FileTree.Entry] = [], mode: UInt16? = nil,
    mtime: Timestamp? = nil, attributes: [ExtendedAttribute] = []
  ) -> Self {
    Self(name, .directory(entries), mode: mode, mtime: mtime, attributes: attributes)
  }

  package static func sparse(
    _ name: RawPath, size: UInt64, _ data: [(offset: UInt64, bytes: [UInt8])] = []
  ) -> Self {
    Self(name, .sparse(size: size, data))
  }

  package static func symlink(_ name: RawPath, to target: RawPath, mtime: Timestamp? = nil)
    -> Self
  {
    Self(name, .symlink(target), mtime: mtime)
  }

  package static func hardLink(_ name: RawPath, to target: RawPath) -> Self {
    Self(name, .hardLink(target))
  }

  package static func fifo(_ name: RawPath, mode: UInt16? = nil) -> Self {
    Self(name, .fifo, mode: mode)
  }

  /// The same entry with another owner; needs root, else it is reported as skipped.
  package func owned(by uid: UInt32, _ gid: UInt32) -> Self {
    var copy = self
    copy.owner = (uid, gid)
    return copy
  }

  /// The same entry with an extended attribute more.
  package func with(_ name: String, _ value: [UInt8]) -> Self {
    var copy = self
    copy.attributes.append(ExtendedAttribute(name: [UInt8](name.utf8), value: value))
    return copy
  }
}

extension ExtendedAttribute {
  /// A POSIX access ACL in the kernel's encoding: owner rw, the user `uid` `permissions`, group r,
  /// mask rw, others nothing.
  package static func accessACL(user uid: UInt32, permissions: UInt16) -> ExtendedAttribute {
    var writer = ByteWriter()
    writer.fixed(UInt32(2))
    let none = UInt32.max
    for (tag, permissions, id): (UInt16, UInt16, UInt32) in [
      (0x01, 6, none), (0x02, permissions, uid), (0x04, 4, none), (0x10, 6, none), (0x20, 0, none),
    ] {
      writer.fixed(tag)
      writer.fixed(permissions)
      writer.fixed(id)
    }
    return ExtendedAttribute(
      name: [UInt8]("system.posix_acl_access".utf8), value: writer.bytes)
  }
}
