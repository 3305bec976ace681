import CairnCore
import CairnFormat
import Testing

@testable import CairnIndex

struct ChunkIndexTests {
  private let fixture = IndexFixture()

  @Test func `a new index is empty and was not rebuilt`() throws {
    let index = try fixture.open()
    let reader = index.makeReader()
    #expect(!index.wasRebuilt)
    #expect(try reader.rowCount() == 0)
    #expect(try reader.packCount() == 0)
    #expect(try reader.contains(ChunkID(Digest())) == false)
  }

  @Test func `every chunk of an applied segment is found where its pack has it`() throws {
    var random = IndexRandom(seed: 1)
    let index = try fixture.open()
    let (name, packs) = random.segment(packCount: 4, chunksPerPack: 500)
    try index.apply(segment: name, packs: packs)
    let reader = index.makeReader()
    for pack in packs {
      for (id, location) in pack.namedLocations {
        #expect(try reader.namedLocations(of: id) == [location])
      }
      let number = try #require(try reader.packNumber(of: pack.name))
      let entry = try #require(try reader.pack(number))
      #expect(entry == PackEntry(pack))
      #expect(
        entry.frameOffsets[2] == UInt64(pack.table.frames[0].storedByteCount)
          + UInt64(pack.table.frames[1].storedByteCount))
    }
    #expect(try reader.rowCount() == 2000)
    #expect(try reader.contains(ChunkID(random.digest())) == false)
  }

  @Test func `a batch look-up tells known from unknown`() throws {
    var random = IndexRandom(seed: 2)
    let index = try fixture.open()
    let (name, packs) = random.segment(packCount: 1, chunksPerPack: 300)
    try index.apply(segment: name, packs: packs)
    var ids = packs[0].table.chunks.map(\.id)
    ids += (0..<100).map { _ in ChunkID(random.digest()) }
    ids.shuffle(using: &random)
    let known = Set(packs[0].table.chunks.map(\.id))
    var locations = [ChunkLocation](repeating: ChunkLocation(), count: ids.count)
    let count = try ids.withUnsafeBufferPointer { ids in
      try locations.withUnsafeMutableBufferPointer {
        try index.makeReader().lookup(ids, into: $0.baseAddress!)
      }
    }
    #expect(count == 300)
    for (id, location) in zip(ids, locations) { #expect(location.isKnown == known.contains(id)) }
  }

  @Test func `a chunk in several packs keeps all its places until the last pack goes`() throws {
    var random = IndexRandom(seed: 3)
    let index = try fixture.open()
    let shared = (0..<50).map { _ in ChunkID(random.digest()) }
    let packs = (0..<3).map { _ in random.pack(chunkCount: 20, shared: shared) }
    let names = (0..<3).map { _ in ObjectName(random.digest()) }
    for (name, pack) in zip(names, packs) { try index.apply(segment: name, packs: [pack]) }
    let reader = index.makeReader()
    for id in shared {
      #expect(try reader.namedLocations(of: id).map(\.pack).sorted() == packs.map(\.name).sorted())
      #expect(try reader.location(of: id)?.packNumber == 1)
    }
    try index.remove(segments: [names[0]])
    for id in shared {
      #expect(try reader.namedLocations(of: id).count == 2)
      #expect(try reader.location(of: id)?.packNumber == 2)
    }
    try index.remove(segments: [names[1], names[2]])
    #expect(try reader.rowCount() == 0)
    #expect(try reader.packCount() == 0)
    #expect(try reader.contains(shared[0]) == false)
  }

  @Test func `a chunk that lies twice in one pack has two places`() throws {
    var random = IndexRandom(seed: 4)
    let id = ChunkID(random.digest())
    let chunk = ChunkRecord(id: id, byteCount: 100)
    let table = PackTable(
      kind: .data,
      frames: [
        FrameRecord(storedByteCount: 50, rawByteCount: 200, method: .zstd, chunkCount: 2)
      ], chunks: [chunk, chunk])
    let pack = PackRecord(
      name: ObjectName(random.digest()), byteCount: 100, salt: Digest(), table: table)
    let index = try fixture.open()
    try index.apply(segment: ObjectName(random.digest()), packs: [pack])
    #expect(try index.makeReader().locations(of: id).map(\.offsetInFrame) == [0, 100])
  }

  @Test func `applying twice and naming a pack in two segments change nothing`() throws {
    var random = IndexRandom(seed: 5)
    let index = try fixture.open()
    let (first, packs) = random.segment(packCount: 3, chunksPerPack: 40)
    let second = ObjectName(random.digest())
    try index.apply(segment: first, packs: packs)
    try index.apply(segment: first, packs: packs)
    try index.apply([(second, [packs[1], packs[1]]), (second, [packs[1]])])
    let reader = index.makeReader()
    #expect(try reader.rowCount() == 120)
    #expect(try reader.packCount() == 3)
    try index.remove(segments: [first])
    #expect(try reader.packCount() == 1)
    #expect(try reader.rowCount() == 40)
    try index.remove(segments: [first, second])
    #expect(try reader.packCount() == 0)
  }

  @Test func `the difference to the repository is told in both directions`() throws {
    var random = IndexRandom(seed: 6)
    let index = try fixture.open()
    let segments = (0..<4).map { _ in random.segment(packCount: 1, chunksPerPack: 5) }
    try index.apply(Array(segments[0...2]))
    let difference = try index.missingSegments(among: [segments[3].name, segments[1].name])
    #expect(difference.toApply == [segments[3].name])
    #expect(Set(difference.toRemove) == [segments[0].name, segments[2].name])
  }

  @Test func `pack numbers are not used again`() throws {
    var random = IndexRandom(seed: 7)
    let index = try fixture.open()
    let first = random.segment(packCount: 1, chunksPerPack: 5)
    try index.apply([first])
    try index.remove(segments: [first.name])
    try index.apply([first])
    #expect(try index.makeReader().packNumber(of: first.packs[0].name) == 2)
  }

  @Test func `a table that contradicts itself is refused and leaves no trace`() throws {
    var random = IndexRandom(seed: 8)
    let index = try fixture.open()
    let good = random.pack(chunkCount: 10)
    let spoilings: [(inout PackTable) -> Void] = [
      { $0.frames[1].chunkCount += 1 },
      { $0.frames[1].rawByteCount += 1 },
      { $0.frames[0].chunkCount = .max },
      { $0.chunks[0].byteCount = .max },
      { $0.chunks.removeLast() },
      { _ = $0.frames.removeLast() },
    ]
    for spoil in spoilings {
      var bad = good
      spoil(&bad.table)
      let error = #expect(throws: CairnError.self) {
        try index.apply(segment: ObjectName(Digest()), packs: [good, bad])
      }
      #expect(error?.code == .damaged)
    }
    #expect(try index.makeReader().segments() == [])
    #expect(!index.environment.isCondemned)
  }

  @Test func `rows are walked in order, with their numbers`() throws {
    var random = IndexRandom(seed: 9)
    let index = try fixture.open()
    try index.apply([random.segment(packCount: 3, chunksPerPack: 100)])
    let reader = index.makeReader()
    var ids: [ChunkID] = []
    try reader.forEachRow { row, id, location in
      #expect(row == ids.count)
      #expect(location.isKnown)
      ids.append(id)
    }
    #expect(ids.count == 300)
    #expect(ids == ids.sorted())
    var numbers: [PackNumber] = []
    try reader.forEachPack { number, _ in numbers.append(number) }
    #expect(numbers == [1, 2, 3])
  }

  @Test func `a snapshot does not see what is written meanwhile`() throws {
    var random = IndexRandom(seed: 10)
    let index = try fixture.open()
    let reader = index.makeReader()
    let segment = random.segment(packCount: 1, chunksPerPack: 5)
    try reader.withSnapshot { () throws(CairnError) in
      #expect(try reader.rowCount() == 0)
      try index.apply([segment])
      #expect(try reader.rowCount() == 0)
    }
    #expect(try reader.rowCount() == 5)
  }

  @Test(arguments: [UInt64.random(in: 0...UInt64.max)])
  func `random segments come and go as in a dictionary`(seed: UInt64) throws {
    var random = IndexRandom(seed: seed)
    let index = try fixture.open(mapByteCount: 1 << 20)
    let reader = index.makeReader()
    var model: [ObjectName: [PackRecord]] = [:]
    var pool: [ChunkID] = (0..<500).map { _ in ChunkID(random.digest()) }
    var everSeen: Set<ChunkID> = Set(pool)
    for round in 0..<12 {
      var batch: [(name: ObjectName, packs: [PackRecord])] = []
      for _ in 0..<3 {
        let packs =
          (0..<2).map { _ in
            random.pack(chunkCount: 1000, shared: Array(pool.shuffled(using: &random).prefix(100)))
          } + (model.randomElement(using: &random)?.value.prefix(1) ?? [])
        batch.append((ObjectName(random.digest()), packs))
      }
      try index.apply(batch)
      for (name, packs) in batch {
        model[name] = packs
        for pack in packs { everSeen.formUnion(pack.table.chunks.map(\.id)) }
      }
      pool.append(contentsOf: batch[0].packs[0].table.chunks.prefix(50).map(\.id))
      if round % 3 == 2 {
        let gone = Array(model.keys.shuffled(using: &random).prefix(4))
        try index.remove(segments: gone)
        for name in gone { model[name] = nil }
      }
      var expected: [ChunkID: Set<NamedLocation>] = [:]
      for pack in Set(model.values.joined()) {
        for (id, location) in pack.namedLocations { expected[id, default: []].insert(location) }
      }
      let rowCount = expected.values.reduce(0) { $0 + $1.count }
      #expect(try reader.rowCount() == rowCount, "seed \(seed)")
      for id in everSeen {
        let found = try reader.namedLocations(of: id)
        guard found == expected[id] ?? [] else {
          Issue.record("seed \(seed), round \(round), chunk \(id)")
          return
        }
      }
    }
  }
}
