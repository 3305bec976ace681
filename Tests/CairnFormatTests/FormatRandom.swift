import CairnCore
import CairnFormat

/// SplitMix64 with the values of the format's structures: the same for the same seed.
struct FormatRandom: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ of: Int) -> Bool { next() % UInt64(of) == 0 }

  mutating func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
    (0..<Int.random(in: range, using: &self)).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  mutating func digest() -> Digest {
    let words = (next(), next(), next(), next())
    return withUnsafeBytes(of: words) { Digest(loading: $0.baseAddress!) }
  }

  /// Without the bytes no name may hold.
  mutating func name() -> [UInt8] {
    [UInt8(ascii: "n")] + bytes(0...30).map { $0 == 0 || $0 == UInt8(ascii: "/") ? 1 : $0 }
  }

  mutating func time() -> Timestamp {
    Timestamp(seconds: Int64(truncatingIfNeeded: next()), nanoseconds: UInt32(below(1_000_000_000)))
  }

  mutating func reference() -> ContentReference {
    ContentReference(id: ChunkID(digest()), byteCount: next() >> 30)
  }

  mutating func node() -> Node {
    var node = Node(name: name(), type: NodeType.allCases[below(NodeType.allCases.count)])
    node.mode = UInt16(below(0o10000))
    node.modified = time()
    node.changed = time()
    node.inode = next()
    node.device = next()
    node.uid = UInt32(truncatingIfNeeded: next())
    node.gid = UInt32(truncatingIfNeeded: next())
    if chance(2) { node.userName = bytes(1...9) }
    if chance(2) { node.groupName = bytes(1...9) }
    if chance(3) { node.linkCount = next() }
    if chance(3) {
      node.attributes = (0..<below(4)).map { _ in
        ExtendedAttribute(name: name(), value: bytes(0...40))
      }
    }
    node.isInconsistent = chance(5)
    switch node.type {
    case .directory:
      node.directory = DirectoryContent(
        root: ChunkID(digest()), level: UInt8(below(TreePage.levelMax + 1)), entryCount: next(),
        byteCount: next())
    case .symlink: node.linkTarget = name()
    case .characterDevice, .blockDevice:
      node.deviceMajor = UInt32(truncatingIfNeeded: next())
      node.deviceMinor = UInt32(below(3))
    case .fifo: break
    case .regular: addContent(to: &node)
    }
    return node
  }

  private mutating func addContent(to node: inout Node) {
    if chance(3) {
      node.content = .paged(level: UInt8(below(TreePage.levelMax + 1)), root: reference())
    } else {
      node.content = .inline((0..<below(5)).map { _ in reference() })
    }
    node.size = node.content.byteCount
    guard chance(3) else { return }
    // The same content with holes before and after its halves.
    let half = node.size / 2
    var extents: [DataExtent] = []
    if half > 0 { extents.append(DataExtent(offset: 10, byteCount: half)) }
    if node.size > half {
      extents.append(DataExtent(offset: half + 500, byteCount: node.size - half))
    }
    node.extents = extents
    node.size += 1000
  }

  mutating func packTable(frameCount: Int) -> PackTable {
    var table = PackTable(kind: chance(2) ? .data : .tree)
    for _ in 0..<frameCount {
      let chunks = (0..<1 + below(4)).map { _ in
        ChunkRecord(id: ChunkID(digest()), byteCount: UInt32(1 + below(100_000)))
      }
      let raw = chunks.reduce(0) { $0 + $1.byteCount }
      let method = chance(2) ? FrameMethod.stored : .zstd
      table.frames.append(
        FrameRecord(
          storedByteCount: method == .stored ? raw + 16 : raw / 2 + 16, rawByteCount: raw,
          method: method, chunkCount: UInt32(chunks.count)))
      table.chunks += chunks
    }
    return table
  }

  mutating func packRecord() -> PackRecord {
    let table = packTable(frameCount: 1 + below(4))
    return PackRecord(
      name: ObjectName(digest()), byteCount: table.frameByteCount + 200, salt: digest(),
      table: table)
  }
}

/// Every truncation and every flipped bit of an encoding.
func mutations(of bytes: [UInt8]) -> [[UInt8]] {
  var result = (0..<bytes.count).map { [UInt8](bytes[..<$0]) }
  for position in bytes.indices {
    for bit in 0..<8 {
      var copy = bytes
      copy[position] ^= 1 << UInt8(bit)
      result.append(copy)
    }
  }
  result.append(bytes + [0])
  return result
}
