package import CairnCore

/// A chunk of kind `tree`: part of a directory or of a content list.
///
/// Byte 0 tells which (`D` or `L`), byte 1 the version (1), byte 2 the level. The rest:
///
/// - `D`, level 0: records, each a varint length and a ``Node``, names strictly ascending.
/// - `D`, level > 0: for each page below: last name in it (length, bytes) and chunk id.
/// - `L`, any level: for each part: chunk id, bytes it stands for.
package enum TreePage {
  package static let headerByteCount = 3
  package static let version: UInt8 = 1
  package static let levelMax = 8
  static let directoryTag = UInt8(ascii: "D")
  static let listTag = UInt8(ascii: "L")

  /// A directory page of level > 0 names pages by the last name in each.
  package struct Child: Hashable, Sendable {
    package var lastName: [UInt8]
    package var page: ChunkID

    package init(lastName: [UInt8], page: ChunkID) {
      self.lastName = lastName
      self.page = page
    }
  }

  package static func beginDirectory(level: Int, in writer: inout ByteWriter) {
    writer.raw([directoryTag, version, UInt8(level)])
  }

  package static func encode(child: Child, into writer: inout ByteWriter) {
    writer.prefixed(child.lastName)
    writer.digest(child.page.digest)
  }

  package static func beginList(level: Int, in writer: inout ByteWriter) {
    writer.raw([listTag, version, UInt8(level)])
  }

  package static func encode(reference: ContentReference, into writer: inout ByteWriter) {
    reference.encode(into: &writer)
  }

  private static func begin(
    _ bytes: UnsafeRawBufferPointer, tag: UInt8, level: Int
  ) throws(CairnError) -> ByteReader {
    var reader = ByteReader(bytes)
    guard try reader.u8() == tag else { throw CairnError.damaged("tree page of the wrong kind") }
    guard try reader.u8() == version else {
      throw CairnError(.unsupported, "tree page of a version this program doesn't know")
    }
    guard Int(try reader.u8()) == level else {
      throw CairnError.damaged("tree page of the wrong level")
    }
    return reader
  }

  /// Calls `body` with the record of each entry of a level 0 directory page (the bytes
  /// ``Node/init(decoding:)`` takes). Order of names is checked when records are decoded by
  /// ``directoryNodes(_:)``.
  package static func forEachRecord(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws(CairnError) -> Void
  ) throws(CairnError) {
    var reader = try begin(bytes, tag: directoryTag, level: 0)
    while !reader.isAtEnd {
      try body(try reader.prefixed(max: reader.remaining))
    }
  }

  /// All entries of a level 0 directory page.
  package static func directoryNodes(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CairnError) -> [Node] {
    var nodes: [Node] = []
    try forEachRecord(bytes) { (record) throws(CairnError) in
      let node = try Node(decoding: record)
      if let last = nodes.last, !last.name.lexicographicallyPrecedes(node.name) {
        throw CairnError.damaged("directory entries are out of order")
      }
      nodes.append(node)
    }
    return nodes
  }

  package static func directoryChildren(
    _ bytes: UnsafeRawBufferPointer, level: Int
  ) throws(CairnError) -> [Child] {
    var reader = try begin(bytes, tag: directoryTag, level: level)
    var children: [Child] = []
    while !reader.isAtEnd {
      let name = [UInt8](try reader.prefixed(max: Limits.nameByteCountMax))
      if let last = children.last, !last.lastName.lexicographicallyPrecedes(name) {
        throw CairnError.damaged("directory pages are out of order")
      }
      children.append(Child(lastName: name, page: ChunkID(try reader.digest())))
    }
    guard !children.isEmpty else { throw CairnError.damaged("directory page without pages") }
    return children
  }

  package static func listReferences(
    _ bytes: UnsafeRawBufferPointer, level: Int
  ) throws(CairnError) -> [ContentReference] {
    var reader = try begin(bytes, tag: listTag, level: level)
    var references: [ContentReference] = []
    references.reserveCapacity(reader.remaining / 34)
    while !reader.isAtEnd { references.append(try ContentReference(decoding: &reader)) }
    guard !references.isEmpty else { throw CairnError.damaged("content list page is empty") }
    return references
  }
}
