package import CairnCore

/// The fields of a node record that tell whether a file changed, read without building a ``Node``:
/// the hot path of an unchanged backup. It borrows the record.
package struct NodeSummary {
  package let record: UnsafeRawBufferPointer
  package let name: UnsafeRawBufferPointer
  package let type: NodeType
  package let modified: Timestamp
  package let changed: Timestamp
  package let size: UInt64
  package let inode: UInt64
  package let device: UInt64
  private let fields: NodeFields
  private let rest: ByteReader

  package init(decoding record: UnsafeRawBufferPointer) throws(CairnError) {
    var reader = ByteReader(record)
    self.record = record
    name = try reader.prefixed(max: Limits.nameByteCountMax)
    guard Node.isValid(name: name) else {
      throw CairnError.damaged("directory entry with a name no file can have")
    }
    guard let type = NodeType(rawValue: try reader.u8()) else {
      throw CairnError(.unsupported, "directory entry of a type this program doesn't know")
    }
    self.type = type
    fields = NodeFields(rawValue: try reader.varint())
    _ = try reader.varint()
    modified = try reader.timestamp()
    changed = try reader.timestamp()
    size = try reader.varint()
    inode = try reader.varint()
    device = try reader.varint()
    rest = reader
  }

  /// Whether the file changed while it was read: then what is stored is not to be relied on.
  package var isInconsistent: Bool { fields.contains(.inconsistent) }

  /// Appends the ids of the chunks that hold the file's content, or of the root page of its
  /// content list. Returns the kind they are of.
  package func appendContentIDs(to ids: inout [ChunkID]) throws(CairnError) -> ChunkKind {
    var reader = rest
    _ = try reader.varint()
    _ = try reader.varint()
    for field in [NodeFields.userName, .groupName] where fields.contains(field) {
      _ = try reader.prefixed(max: reader.remaining)
    }
    if fields.contains(.linkCount) { _ = try reader.varint() }
    if fields.contains(.linkTarget) { _ = try reader.prefixed(max: reader.remaining) }
    if fields.contains(.deviceNumbers) {
      _ = try reader.varint()
      _ = try reader.varint()
    }
    if fields.contains(.attributes) {
      for _ in 0..<(try reader.count(max: reader.remaining)) {
        _ = try reader.prefixed(max: reader.remaining)
        _ = try reader.prefixed(max: reader.remaining)
      }
    }
    if fields.contains(.extents) {
      for _ in 0..<(try reader.count(max: Node.extentCountMax)) {
        _ = try reader.varint()
        _ = try reader.varint()
      }
    }
    if fields.contains(.inlineContent) {
      for _ in 0..<(try reader.count(max: FileContent.inlineCountMax)) {
        ids.append(ChunkID(try reader.digest()))
        _ = try reader.varint()
      }
    }
    if fields.contains(.pagedContent) {
      _ = try reader.u8()
      ids.append(ChunkID(try reader.digest()))
      return .tree
    }
    return .data
  }
}
