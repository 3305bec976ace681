import CairnCore
import CairnFormat
import Testing

@Suite struct NodeTests {
  static func encode(_ node: Node) -> [UInt8] {
    var writer = ByteWriter()
    node.encode(into: &writer)
    return writer.bytes
  }

  static func decode(_ bytes: [UInt8]) throws(CairnError) -> Node {
    try bytes.withBytes { (bytes) throws(CairnError) in try Node(decoding: bytes) }
  }

  /// Name, content and refusal as ``NodeReferences`` sees them.
  static func scan(_ bytes: [UInt8]) throws(CairnError) -> (
    name: [UInt8], content: FileContent, directory: DirectoryContent?, size: UInt64
  ) {
    try bytes.withBytes { (bytes) throws(CairnError) in
      let node = try NodeReferences(scanning: bytes)
      var references: [ContentReference] = []
      try node.forEachChunk { (reference) throws(CairnError) in references.append(reference) }
      let content =
        node.list.map { FileContent.paged(level: UInt8($0.level), root: $0.root) }
        ?? .inline(references)
      return ([UInt8](node.name), content, node.directory, node.size)
    }
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func `what was encoded is decoded`(_ seed: UInt64)
    throws
  {
    var random = FormatRandom(seed: seed)
    let node = random.node()
    #expect(try Self.decode(Self.encode(node)) == node)
  }

  @Test(arguments: 0..<12 as Range<UInt64>) func `damage is refused or means what it says`(
    _ seed: UInt64
  ) throws {
    var random = FormatRandom(seed: seed)
    let bytes = Self.encode(random.node())
    for mutation in mutations(of: bytes) {
      do throws(CairnError) {
        // A record of a program that came later may end in extensions, which aren't kept.
        let node = try Self.decode(mutation)
        #expect(try Self.decode(Self.encode(node)) == node)
      } catch {
        #expect(error.code == .damaged || error.code == .unsupported)
      }
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func `the scan and the decoder agree`(_ seed: UInt64)
    throws
  {
    var random = FormatRandom(seed: seed)
    let bytes = Self.encode(random.node())
    for mutation in [bytes] + mutations(of: bytes) {
      let decoded = Result { () throws(CairnError) in try Self.decode(mutation) }
      let scanned = Result { () throws(CairnError) in try Self.scan(mutation) }
      switch (decoded, scanned) {
      case (.success(let node), .success(let scan)):
        #expect(scan.name == node.name && scan.size == node.size)
        #expect(scan.content == node.content && scan.directory == node.directory)
      case (.failure(let a), .failure(let b)): #expect(a.code == b.code)
      default: Issue.record("only one of them refuses: seed \(seed)")
      }
    }
  }

  @Test func `names no file can have are refused`() throws {
    for name in ["", ".", "..", "a/b", "a\0b", String(repeating: "x", count: 4097)] {
      var node = Node(name: Array("ok".utf8), type: .fifo)
      node.name = Array(name.utf8)
      #expect(throws: CairnError.self) { try Self.decode(Self.encode(node)) }
    }
  }

  @Test func `sizes that contradict the content are refused`() throws {
    var node = Node(name: [65], type: .regular)
    node.size = 5
    #expect(throws: CairnError.self) { try Self.decode(Self.encode(node)) }
    var directory = Node(name: [65], type: .directory)
    directory.size = 0
    #expect(throws: CairnError.self) { try Self.decode(Self.encode(directory)) }
    let link = Node(name: [65], type: .symlink)
    #expect(throws: CairnError.self) { try Self.decode(Self.encode(link)) }
  }
}
