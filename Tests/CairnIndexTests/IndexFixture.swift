import CairnCore
import CairnFormat
import CairnTesting

@testable import CairnIndex

/// SplitMix64: the same rows for the same seed.
struct IndexRandom: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func digest() -> Digest {
    let words = (next(), next(), next(), next())
    return withUnsafeBytes(of: words) { Digest(loading: $0.baseAddress!) }
  }

  /// A pack with chunks of its own, and those of `shared` besides.
  mutating func pack(chunkCount: Int, frameCount: Int = 3, shared: [ChunkID] = []) -> PackRecord {
    var chunks = (0..<chunkCount).map { _ in
      ChunkRecord(id: ChunkID(digest()), byteCount: UInt32(next() % 10_000))
    }
    for id in shared { chunks.append(ChunkRecord(id: id, byteCount: UInt32(next() % 10_000))) }
    chunks.shuffle(using: &self)
    var frames: [FrameRecord] = []
    var start = 0
    for frame in 0..<frameCount {
      let end = chunks.count * (frame + 1) / frameCount
      let raw = chunks[start..<end].reduce(0) { $0 + $1.byteCount }
      frames.append(
        FrameRecord(
          storedByteCount: raw / 2 + 16, rawByteCount: raw, method: .zstd,
          chunkCount: UInt32(end - start)))
      start = end
    }
    return PackRecord(
      name: ObjectName(digest()), byteCount: UInt64(next() % 100_000_000), salt: digest(),
      table: PackTable(
        kind: next() % 2 == 0 ? .data : .tree, frames: frames, chunks: chunks))
  }

  mutating func segment(packCount: Int, chunksPerPack: Int) -> (
    name: ObjectName, packs: [PackRecord]
  ) {
    let name = ObjectName(digest())
    return (name, (0..<packCount).map { _ in pack(chunkCount: chunksPerPack) })
  }
}

/// An index folder of a test's own.
struct IndexFixture {
  let folder = TemporaryFolder()
  var repositoryID: [UInt8] = Array("repository".utf8)
  var path: String { folder.path + "/cache/index" }
  var dataPath: String { path + "/data.mdb" }

  func open(mapByteCount: Int = 1 << 30, bootID: String? = nil) throws -> ChunkIndex {
    try ChunkIndex.open(
      directory: path, repositoryID: repositoryID,
      options: IndexOptions(mapByteCount: mapByteCount, bootID: bootID))
  }
}

/// A place of a chunk, told by the name of the pack rather than its number.
struct NamedLocation: Hashable {
  var pack: ObjectName
  var frameIndex: UInt32
  var offsetInFrame: UInt32
  var byteCount: UInt32
}

extension PackRecord {
  /// Where each chunk lies, worked out in the plainest way.
  var namedLocations: [(id: ChunkID, location: NamedLocation)] {
    var result: [(ChunkID, NamedLocation)] = []
    var chunk = 0
    for (index, frame) in table.frames.enumerated() {
      var offset: UInt32 = 0
      for record in table.chunks[chunk..<chunk + Int(frame.chunkCount)] {
        result.append(
          (
            record.id,
            NamedLocation(
              pack: name, frameIndex: UInt32(index), offsetInFrame: offset,
              byteCount: record.byteCount)
          ))
        offset += record.byteCount
      }
      chunk += Int(frame.chunkCount)
    }
    return result
  }
}

extension IndexReader {
  func namedLocations(of id: ChunkID) throws -> Set<NamedLocation> {
    var result: Set<NamedLocation> = []
    for location in try locations(of: id) {
      guard let entry = try pack(location.packNumber) else {
        throw CairnError.damaged("a row without its pack")
      }
      _ = try entry.frame(of: location)
      result.insert(
        NamedLocation(
          pack: entry.name, frameIndex: location.frameIndex,
          offsetInFrame: location.offsetInFrame, byteCount: location.byteCount))
    }
    return result
  }
}
