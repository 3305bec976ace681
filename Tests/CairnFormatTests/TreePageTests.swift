import CairnCore
import CairnFormat
import Testing

@Suite struct TreePageTests {
  static func withBytes<R>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(CairnError) -> R
  ) throws(CairnError) -> R {
    try bytes.withBytes(body)
  }

  static func directory(_ nodes: [Node]) -> [UInt8] {
    var page = ByteWriter()
    TreePage.beginDirectory(level: 0, in: &page)
    for node in nodes {
      var record = ByteWriter()
      node.encode(into: &record)
      page.prefixed(record.bytes)
    }
    return page.bytes
  }

  @Test func `a page of entries survives or is refused`() throws {
    var random = FormatRandom(seed: 3)
    let nodes = (0..<4).map { _ in random.node() }.sorted {
      $0.name.lexicographicallyPrecedes($1.name)
    }
    let bytes = Self.directory(nodes)
    #expect(try Self.withBytes(bytes, TreePage.directoryNodes) == nodes)
    for mutation in mutations(of: bytes) {
      do throws(CairnError) {
        let decoded = try Self.withBytes(mutation, TreePage.directoryNodes)
        #expect(decoded.count <= nodes.count + 1)
      } catch {
        #expect(error.code == .damaged || error.code == .unsupported)
      }
    }
  }

  @Test func `entries out of order are refused`() {
    let nodes = ["b", "a"].map { Node(name: Array($0.utf8), type: .fifo) }
    #expect(throws: CairnError.self) {
      try Self.withBytes(Self.directory(nodes), TreePage.directoryNodes)
    }
    #expect(throws: CairnError.self) {
      try Self.withBytes(Self.directory([nodes[0], nodes[0]]), TreePage.directoryNodes)
    }
  }

  @Test func `pages of pages survive or are refused`() throws {
    var random = FormatRandom(seed: 4)
    var page = ByteWriter()
    TreePage.beginDirectory(level: 2, in: &page)
    let children = ["a", "b", "c"].map {
      TreePage.Child(lastName: Array($0.utf8), page: ChunkID(random.digest()))
    }
    for child in children { TreePage.encode(child: child, into: &page) }
    func decode(_ bytes: [UInt8], level: Int) throws(CairnError) -> [TreePage.Child] {
      try Self.withBytes(bytes) { (bytes) throws(CairnError) in
        try TreePage.directoryChildren(bytes, level: level)
      }
    }
    #expect(try decode(page.bytes, level: 2) == children)
    #expect(throws: CairnError.self) { try decode(page.bytes, level: 1) }
    for mutation in mutations(of: page.bytes) {
      do throws(CairnError) {
        var again = ByteWriter()
        TreePage.beginDirectory(level: 2, in: &again)
        for child in try decode(mutation, level: 2) {
          TreePage.encode(child: child, into: &again)
        }
        #expect(again.bytes == mutation)
      } catch {
        #expect(error.code == .damaged || error.code == .unsupported)
      }
    }
  }

  @Test func `content lists survive or are refused`() throws {
    var random = FormatRandom(seed: 5)
    let references = (0..<5).map { _ in random.reference() }
    func encode(_ references: [ContentReference]) -> [UInt8] {
      var page = ByteWriter()
      TreePage.beginList(level: 1, in: &page)
      for reference in references { TreePage.encode(reference: reference, into: &page) }
      return page.bytes
    }
    func decode(_ bytes: [UInt8]) throws(CairnError) -> [ContentReference] {
      try Self.withBytes(bytes) { (bytes) throws(CairnError) in
        try TreePage.listReferences(bytes, level: 1)
      }
    }
    #expect(try decode(encode(references)) == references)
    for mutation in mutations(of: encode(references)) {
      do throws(CairnError) {
        #expect(encode(try decode(mutation)) == mutation)
      } catch {
        #expect(error.code == .damaged || error.code == .unsupported)
      }
    }
  }
}
