package import CairnCore

/// Presence bits of a node record; a reader that meets a bit it doesn't know refuses the node,
/// so optional additions go into the extension area instead, which older readers skip.
struct NodeFields: OptionSet {
  let rawValue: UInt64
  static let userName = NodeFields(rawValue: 1 << 0)
  static let groupName = NodeFields(rawValue: 1 << 1)
  static let linkCount = NodeFields(rawValue: 1 << 2)
  static let linkTarget = NodeFields(rawValue: 1 << 3)
  static let deviceNumbers = NodeFields(rawValue: 1 << 4)
  static let attributes = NodeFields(rawValue: 1 << 5)
  static let extents = NodeFields(rawValue: 1 << 6)
  static let inlineContent = NodeFields(rawValue: 1 << 7)
  static let pagedContent = NodeFields(rawValue: 1 << 8)
  static let directory = NodeFields(rawValue: 1 << 9)
  static let inconsistent = NodeFields(rawValue: 1 << 10)
  static let extensions = NodeFields(rawValue: 1 << 11)
  static let known = NodeFields(rawValue: (1 << 12) - 1)
}

extension Node {
  static let attributeByteCountMax = 16 << 20
  package static let extentCountMax = 65_536

  /// Appends the record of this node without its length prefix.
  package func encode(into writer: inout ByteWriter) {
    writer.prefixed(name)
    writer.u8(type.rawValue)
    var fields: NodeFields = []
    if !userName.isEmpty { fields.insert(.userName) }
    if !groupName.isEmpty { fields.insert(.groupName) }
    if linkCount != 1 { fields.insert(.linkCount) }
    if !linkTarget.isEmpty { fields.insert(.linkTarget) }
    if deviceMajor != 0 || deviceMinor != 0 { fields.insert(.deviceNumbers) }
    if !attributes.isEmpty { fields.insert(.attributes) }
    if extents != nil { fields.insert(.extents) }
    if directory != nil { fields.insert(.directory) }
    if isInconsistent { fields.insert(.inconsistent) }
    switch content {
    case .inline(let references): if !references.isEmpty { fields.insert(.inlineContent) }
    case .paged: fields.insert(.pagedContent)
    }
    writer.varint(fields.rawValue)
    writer.varint(UInt64(mode))
    writer.signedVarint(modified.seconds)
    writer.varint(UInt64(modified.nanoseconds))
    writer.signedVarint(changed.seconds)
    writer.varint(UInt64(changed.nanoseconds))
    writer.varint(size)
    writer.varint(inode)
    writer.varint(device)
    writer.varint(UInt64(uid))
    writer.varint(UInt64(gid))
    if fields.contains(.userName) { writer.prefixed(userName) }
    if fields.contains(.groupName) { writer.prefixed(groupName) }
    if fields.contains(.linkCount) { writer.varint(linkCount) }
    if fields.contains(.linkTarget) { writer.prefixed(linkTarget) }
    if fields.contains(.deviceNumbers) {
      writer.varint(UInt64(deviceMajor))
      writer.varint(UInt64(deviceMinor))
    }
    if fields.contains(.attributes) {
      writer.varint(attributes.count)
      for attribute in attributes {
        writer.prefixed(attribute.name)
        writer.prefixed(attribute.value)
      }
    }
    if let extents {
      writer.varint(extents.count)
      var end: UInt64 = 0
      for extent in extents {
        writer.varint(extent.offset - end)
        writer.varint(extent.byteCount)
        end = extent.offset + extent.byteCount
      }
    }
    switch content {
    case .inline(let references):
      if !references.isEmpty {
        writer.varint(references.count)
        for reference in references { reference.encode(into: &writer) }
      }
    case .paged(let level, let root):
      writer.u8(level)
      root.encode(into: &writer)
    }
    if let directory {
      writer.u8(directory.level)
      writer.digest(directory.root.digest)
      writer.varint(directory.entryCount)
      writer.varint(directory.byteCount)
    }
  }

  /// Decodes one record (without its length prefix), which must fill `bytes`.
  package init(decoding bytes: UnsafeRawBufferPointer) throws(CairnError) {
    var reader = ByteReader(bytes)
    let name = try reader.prefixed(max: Limits.nameByteCountMax)
    guard Node.isValid(name: name) else {
      throw CairnError.damaged("directory entry with a name no file can have")
    }
    guard let type = NodeType(rawValue: try reader.u8()) else {
      throw CairnError(.unsupported, "directory entry of a type this program doesn't know")
    }
    self.init(name: [UInt8](name), type: type)
    let fields = NodeFields(rawValue: try reader.varint())
    guard fields.isSubset(of: .known) else {
      throw CairnError(.unsupported, "directory entry with fields this program doesn't know")
    }
    mode = UInt16(try reader.count(max: 0o7777))
    modified = try reader.timestamp()
    changed = try reader.timestamp()
    size = try reader.varint()
    guard size <= UInt64(Int64.max) else { throw CairnError.damaged("file size is impossible") }
    inode = try reader.varint()
    device = try reader.varint()
    uid = UInt32(try reader.count(max: Int(UInt32.max)))
    gid = UInt32(try reader.count(max: Int(UInt32.max)))
    if fields.contains(.userName) { userName = [UInt8](try reader.prefixed(max: 4096)) }
    if fields.contains(.groupName) { groupName = [UInt8](try reader.prefixed(max: 4096)) }
    if fields.contains(.linkCount) { linkCount = try reader.varint() }
    if fields.contains(.linkTarget) {
      linkTarget = [UInt8](try reader.prefixed(max: Limits.pathByteCountMax))
      guard !linkTarget.contains(0) else { throw CairnError.damaged("link target holds a NUL") }
    }
    if fields.contains(.deviceNumbers) {
      deviceMajor = UInt32(try reader.count(max: Int(UInt32.max)))
      deviceMinor = UInt32(try reader.count(max: Int(UInt32.max)))
    }
    if fields.contains(.attributes) { attributes = try reader.attributes() }
    if fields.contains(.extents) { extents = try reader.extents(size: size) }
    if fields.contains(.inlineContent) {
      let count = try reader.count(max: FileContent.inlineCountMax)
      var references: [ContentReference] = []
      references.reserveCapacity(count)
      for _ in 0..<count { references.append(try ContentReference(decoding: &reader)) }
      content = .inline(references)
    }
    if fields.contains(.pagedContent) {
      let level = UInt8(try reader.count(max: TreePage.levelMax))
      content = .paged(level: level, root: try ContentReference(decoding: &reader))
    }
    if fields.contains(.directory) {
      let level = UInt8(try reader.count(max: TreePage.levelMax))
      let root = ChunkID(try reader.digest())
      directory = DirectoryContent(
        root: root, level: level, entryCount: try reader.varint(), byteCount: try reader.varint())
    }
    isInconsistent = fields.contains(.inconsistent)
    if fields.contains(.extensions) { try reader.skipExtensions() }
    try reader.requireEnd()
    try validate()
  }

  /// What holds across fields.
  private func validate() throws(CairnError) {
    switch type {
    case .directory:
      guard directory != nil else { throw CairnError.damaged("directory without content") }
    case .regular:
      let expected = extents.map { $0.reduce(0) { $0 + $1.byteCount } } ?? size
      guard content.byteCount == expected else {
        throw CairnError.damaged("content doesn't amount to the size of its file")
      }
    case .symlink:
      guard !linkTarget.isEmpty else { throw CairnError.damaged("symbolic link without target") }
    case .fifo, .characterDevice, .blockDevice: break
    }
  }
}

extension ContentReference {
  func encode(into writer: inout ByteWriter) {
    writer.digest(id.digest)
    writer.varint(byteCount)
  }

  init(decoding reader: inout ByteReader) throws(CairnError) {
    id = ChunkID(try reader.digest())
    byteCount = try reader.varint()
    guard byteCount <= UInt64(Int64.max) / 65_536 else {
      throw CairnError.damaged("chunk length is impossible")
    }
  }
}

extension ByteReader {
  mutating func timestamp() throws(CairnError) -> Timestamp {
    let seconds = try signedVarint()
    return Timestamp(seconds: seconds, nanoseconds: UInt32(try count(max: 999_999_999)))
  }

  fileprivate mutating func attributes() throws(CairnError) -> [ExtendedAttribute] {
    let count = try count(max: 65_536)
    var attributes: [ExtendedAttribute] = []
    var total = 0
    for _ in 0..<count {
      let name = [UInt8](try prefixed(max: 4096))
      guard !name.isEmpty, !name.contains(0) else {
        throw CairnError.damaged("extended attribute with an impossible name")
      }
      let value = [UInt8](try prefixed(max: Node.attributeByteCountMax))
      total += value.count
      guard total <= Node.attributeByteCountMax else {
        throw CairnError.damaged("extended attributes are too large")
      }
      attributes.append(ExtendedAttribute(name: name, value: value))
    }
    return attributes
  }

  fileprivate mutating func extents(size: UInt64) throws(CairnError) -> [DataExtent] {
    let count = try count(max: Node.extentCountMax)
    var extents: [DataExtent] = []
    var end: UInt64 = 0
    for _ in 0..<count {
      let gap = try varint()
      let length = try varint()
      guard gap <= size - end, length > 0, length <= size - end - gap else {
        throw CairnError.damaged("data extent lies outside its file")
      }
      extents.append(DataExtent(offset: end + gap, byteCount: length))
      end += gap + length
    }
    return extents
  }

  /// Passes over what a newer writer added: tag, length, bytes, until the record ends.
  mutating func skipExtensions() throws(CairnError) {
    while !isAtEnd {
      _ = try varint()
      _ = try prefixed(max: remaining)
    }
  }
}
