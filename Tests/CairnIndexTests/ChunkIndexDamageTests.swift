import CLMDB
import CairnCore
import CairnFormat
import Glibc
import Testing

@testable import CairnIndex

struct ChunkIndexDamageTests {
  private let fixture = IndexFixture()

  /// An index of 2,000 rows, closed; its data file.
  private func build(bootID: String? = nil, durable: Bool = false) throws -> [UInt8] {
    var random = IndexRandom(seed: 30)
    do {
      let index = try fixture.open(bootID: bootID)
      for _ in 0..<4 { try index.apply([random.segment(packCount: 1, chunksPerPack: 500)]) }
      if durable { try index.makeDurable() }
    }
    return try #require(try IndexFolder.head(of: fixture.dataPath, byteCount: 16 << 20))
  }

  private func replaceData(by bytes: [UInt8]) throws {
    let file = try #require(fopen(fixture.dataPath, "w"))
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    #expect(fclose(file) == 0)
  }

  private func expectRebuilt() throws {
    let index = try fixture.open()
    #expect(index.wasRebuilt)
    #expect(try index.makeReader().rowCount() == 0)
    var random = IndexRandom(seed: 31)
    try index.apply([random.segment(packCount: 1, chunksPerPack: 10)])
    #expect(try index.makeReader().rowCount() == 10)
  }

  @Test func `an untouched index is believed`() throws {
    _ = try build()
    let index = try fixture.open()
    #expect(!index.wasRebuilt)
    #expect(try index.makeReader().rowCount() == 2000)
  }

  @Test func `an empty file is replaced`() throws {
    _ = try build()
    try replaceData(by: [])
    try expectRebuilt()
  }

  @Test func `garbage is replaced`() throws {
    let bytes = try build()
    var random = IndexRandom(seed: 32)
    try replaceData(by: bytes.map { _ in UInt8(truncatingIfNeeded: random.next()) })
    try expectRebuilt()
  }

  @Test func `a file cut short at any page is replaced`() throws {
    let bytes = try build()
    for count in [1, 100, 4096, 5000, 8192, 12_288, bytes.count / 2, bytes.count - 1] {
      try replaceData(by: Array(bytes.prefix(count)))
      try expectRebuilt()
    }
  }

  @Test(arguments: [UInt64.random(in: 0...UInt64.max)])
  func `flipped bits in the meta pages never bring the program down`(seed: UInt64) throws {
    let bytes = try build()
    var random = IndexRandom(seed: seed)
    print("seed \(seed)")
    for _ in 0..<300 {
      var damaged = bytes
      let page = Int.random(in: 0...1, using: &random)
      let position = page * 4096 + Int.random(in: 0..<152, using: &random)
      damaged[position] ^= 1 << UInt8.random(in: 0...7, using: &random)
      try replaceData(by: damaged)
      let index = try fixture.open()
      do throws(CairnError) {
        let reader = index.makeReader()
        try reader.forEachRow { _, _, _ in }
        try reader.forEachPack { _, _ in }
        try index.apply([random.segment(packCount: 1, chunksPerPack: 100)])
        try index.remove(segments: Array(try reader.segments().prefix(1)))
        try reader.forEachRow { _, _, _ in }
      } catch {
        #expect(error.code == .damaged, "seed \(seed)")
      }
    }
  }

  @Test func `an index of another repository or schema is replaced`() throws {
    _ = try build()
    var other = fixture
    other.repositoryID = [9]
    #expect(try other.open().wasRebuilt)
    do {
      let index = try other.open()
      try index.environment.write { transaction throws(CairnError) in
        try withBytes(of: [UInt8]("schema".utf8)) { key throws(CairnError) in
          try transaction.put(key, [0, 0, 0, 99], in: transaction.tables.facts)
        }
      }
    }
    #expect(try other.open().wasRebuilt)
    #expect(try !other.open().wasRebuilt)
  }

  @Test func `after a reboot an index that was not made durable is replaced`() throws {
    _ = try build(bootID: "first")
    #expect(try !fixture.open(bootID: "first").wasRebuilt)
    #expect(try fixture.open(bootID: "second").wasRebuilt)
    #expect(try !fixture.open(bootID: "second").wasRebuilt)
  }

  @Test func `after a reboot a durable index is believed until it is written again`() throws {
    _ = try build(bootID: "first", durable: true)
    do {
      let index = try fixture.open(bootID: "second")
      #expect(!index.wasRebuilt)
      #expect(try index.makeReader().rowCount() == 2000)
      var random = IndexRandom(seed: 33)
      try index.apply([random.segment(packCount: 1, chunksPerPack: 10)])
    }
    #expect(try fixture.open(bootID: "third").wasRebuilt)
  }

  @Test func `a machine that tells no boot id never believes unsynced writes`() throws {
    _ = try build(bootID: "")
    #expect(try fixture.open(bootID: "").wasRebuilt)
  }

  @Test func `a removed folder is made anew while the old one is in use`() throws {
    let old = try fixture.open()
    let reader = old.makeReader()
    #expect(unlink(fixture.dataPath) == 0)
    let new = try fixture.open()
    #expect(old.environment !== new.environment)
    var random = IndexRandom(seed: 34)
    try new.apply([random.segment(packCount: 1, chunksPerPack: 10)])
    try old.makeDurable()
    #expect(try reader.rowCount() == 0)
    #expect(try new.makeReader().rowCount() == 10)
  }

  @Test func `rows no pack can have are damage, and the next to open starts anew`() throws {
    let hostile: [[UInt8]] = [
      [],
      [1, 2, 3],
      [UInt8](repeating: 0, count: 16),
      [UInt8](repeating: 0xff, count: 16),
      [0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      [0, 0, 0, 1, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 1],
      [UInt8](repeating: 1, count: 40),
    ]
    for value in hostile {
      let index = try fixture.open()
      let id = ChunkID(Digest())
      try index.environment.write { transaction throws(CairnError) in
        try transaction.put(id.digest, value, in: transaction.tables.chunks)
      }
      let reader = index.makeReader()
      let error = #expect(throws: CairnError.self) { try reader.location(of: id) }
      #expect(error?.code == .damaged)
      #expect(error?.message.contains("rebuilt") == true)
      #expect(throws: CairnError.self) { try reader.locations(of: id) }
      #expect(throws: CairnError.self) { try reader.forEachRow { _, _, _ in } }
      #expect(try fixture.open().wasRebuilt)
    }
  }

  @Test func `pack entries that can't be decoded are damage`() throws {
    var random = IndexRandom(seed: 35)
    let whole = PackEntry(random.pack(chunkCount: 10)).encoded()
    for count in 0..<whole.count {
      let error = #expect(throws: CairnError.self) {
        try withBytes(of: Array(whole.prefix(count))) { bytes throws(CairnError) in
          try PackEntry(decoding: bytes)
        }
      }
      #expect(error?.code == .damaged)
    }
    let index = try fixture.open()
    try index.environment.write { transaction throws(CairnError) in
      try transaction.put(PackNumber(7), [1, 2, 3], in: transaction.tables.packs)
    }
    #expect(throws: CairnError.self) { try index.makeReader().pack(7) }
    #expect(try fixture.open().wasRebuilt)
  }

  @Test func `an error of a caller's closure does not condemn the index`() throws {
    _ = try build()
    let index = try fixture.open()
    #expect(throws: CairnError.self) {
      try index.makeReader().forEachRow { _, _, _ throws(CairnError) in
        throw CairnError.damaged("a pack")
      }
    }
    #expect(!index.environment.isCondemned)
  }
}
