package import CairnCore

/// What an entry of a directory refers to, found without building a ``Node``: no allocation, for
/// walks over millions of entries (verify, prune).
///
/// Accepts exactly the records that ``Node/init(decoding:)`` accepts. Borrows the record.
package struct NodeReferences {
  package let name: UnsafeRawBufferPointer
  package let type: NodeType
  /// Apparent size of a regular file, bytes.
  package let size: UInt64
  package private(set) var directory: DirectoryContent?
  /// The root of the file's content list, when it is paged.
  package private(set) var list: (level: Int, root: ContentReference)?
  private var inlineCount = 0
  private var inline: ByteReader

  /// Scans one record without its length prefix. `damaged` or `unsupported` as
  /// ``Node/init(decoding:)`` has it.
  package init(scanning bytes: UnsafeRawBufferPointer) throws(CairnError) {
    var reader = ByteReader(bytes)
    inline = reader
    name = try reader.prefixed(max: Limits.nameByteCountMax)
    guard Node.isValid(name: name) else {
      throw CairnError.damaged("directory entry with a name no file can have")
    }
    guard let type = NodeType(rawValue: try reader.u8()) else {
      throw CairnError(.unsupported, "directory entry of a type this program doesn't know")
    }
    self.type = type
    let fields = NodeFields(rawValue: try reader.varint())
    guard fields.isSubset(of: .known) else {
      throw CairnError(.unsupported, "directory entry with fields this program doesn't know")
    }
    _ = try reader.count(max: 0o7777)
    _ = try reader.timestamp()
    _ = try reader.timestamp()
    size = try reader.varint()
    guard size <= UInt64(Int64.max) else { throw CairnError.damaged("file size is impossible") }
    _ = try reader.varint()
    _ = try reader.varint()
    _ = try reader.count(max: Int(UInt32.max))
    _ = try reader.count(max: Int(UInt32.max))
    let hasTarget = try NodeReferences.skipOptional(fields, &reader)
    if fields.contains(.attributes) { try NodeReferences.skipAttributes(&reader) }
    var expected = size
    if fields.contains(.extents) {
      expected = try NodeReferences.sumExtents(&reader, size: size)
    }
    var contentByteCount: UInt64 = 0
    if fields.contains(.inlineContent) {
      inlineCount = try reader.count(max: FileContent.inlineCountMax)
      inline = reader
      for _ in 0..<inlineCount {
        contentByteCount &+= try ContentReference(decoding: &reader).byteCount
      }
    }
    if fields.contains(.pagedContent) {
      let level = try reader.count(max: TreePage.levelMax)
      let root = try ContentReference(decoding: &reader)
      list = (level, root)
      inlineCount = 0
      contentByteCount = root.byteCount
    }
    if fields.contains(.directory) {
      let level = UInt8(try reader.count(max: TreePage.levelMax))
      let root = ChunkID(try reader.digest())
      directory = DirectoryContent(
        root: root, level: level, entryCount: try reader.varint(), byteCount: try reader.varint())
    }
    if fields.contains(.extensions) { try reader.skipExtensions() }
    try reader.requireEnd()
    switch type {
    case .directory:
      guard directory != nil else { throw CairnError.damaged("directory without content") }
    case .regular:
      guard contentByteCount == expected else {
        throw CairnError.damaged("content doesn't amount to the size of its file")
      }
    case .symlink:
      guard hasTarget else { throw CairnError.damaged("symbolic link without target") }
    case .fifo, .characterDevice, .blockDevice: break
    }
  }

  /// Calls `body` with each chunk that the record itself names.
  package func forEachChunk(
    _ body: (ContentReference) throws(CairnError) -> Void
  ) throws(CairnError) {
    var reader = inline
    for _ in 0..<inlineCount { try body(try ContentReference(decoding: &reader)) }
  }

  /// Owner names, link count, link target and device numbers. Returns whether there is a target.
  private static func skipOptional(
    _ fields: NodeFields, _ reader: inout ByteReader
  ) throws(CairnError) -> Bool {
    var hasTarget = false
    if fields.contains(.userName) { _ = try reader.prefixed(max: 4096) }
    if fields.contains(.groupName) { _ = try reader.prefixed(max: 4096) }
    if fields.contains(.linkCount) { _ = try reader.varint() }
    if fields.contains(.linkTarget) {
      let target = try reader.prefixed(max: Limits.pathByteCountMax)
      guard !target.contains(0) else { throw CairnError.damaged("link target holds a NUL") }
      hasTarget = !target.isEmpty
    }
    if fields.contains(.deviceNumbers) {
      _ = try reader.count(max: Int(UInt32.max))
      _ = try reader.count(max: Int(UInt32.max))
    }
    return hasTarget
  }

  private static func skipAttributes(_ reader: inout ByteReader) throws(CairnError) {
    let count = try reader.count(max: 65_536)
    var total = 0
    for _ in 0..<count {
      let name = try reader.prefixed(max: 4096)
      guard !name.isEmpty, !name.contains(0) else {
        throw CairnError.damaged("extended attribute with an impossible name")
      }
      total += try reader.prefixed(max: Node.attributeByteCountMax).count
      guard total <= Node.attributeByteCountMax else {
        throw CairnError.damaged("extended attributes are too large")
      }
    }
  }

  private static func sumExtents(
    _ reader: inout ByteReader, size: UInt64
  ) throws(CairnError) -> UInt64 {
    let count = try reader.count(max: Node.extentCountMax)
    var end: UInt64 = 0
    var sum: UInt64 = 0
    for _ in 0..<count {
      let gap = try reader.varint()
      let length = try reader.varint()
      guard gap <= size - end, length > 0, length <= size - end - gap else {
        throw CairnError.damaged("data extent lies outside its file")
      }
      sum += length
      end += gap + length
    }
    return sum
  }
}
