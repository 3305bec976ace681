import CairnCore
import CairnCrypto
import CairnFormat
import CairnMaintenance
import CairnObjectStore
import CairnRepository
import CairnTesting
import Testing

@Suite struct PruneTests {
  typealias Entry = RepositoryFixture.Entry

  /// Files of one chunk each, made of numbers; what two snapshots share they share by number.
  static func entries(_ numbers: some Sequence<Int>) -> [Entry] {
    let files = numbers.map {
      Entry.file("file\($0)", [RepositoryFixture.noise(3000, seed: UInt64($0 + 1))])
    }
    // Directories of their own give tree packs something to lose.
    return [.directory("a", files), .directory("b", files.map { .directory($0.name + "d", [$0]) })]
  }

  /// Three snapshots, the first of them forgotten: some packs are unused, some partly.
  static func makeFixture() throws -> (RepositoryFixture, kept: [(Snapshot, [Entry])]) {
    let fixture = try RepositoryFixture()
    let repository = try fixture.open()
    let first = entries(0..<60)
    let second = entries(stride(from: 0, to: 90, by: 3))
    let third = entries(stride(from: 40, to: 100, by: 5))
    let forgotten = try RepositoryFixture.backUp(first, to: repository, time: 1)
    let kept = [
      (try RepositoryFixture.backUp(second, to: repository, time: 2), second),
      (try RepositoryFixture.backUp(third, to: repository, time: 3), third),
    ]
    try Forget.execute(removing: [forgotten], in: repository)
    return (fixture, kept)
  }

  static func prune(
    _ repository: Repository, _ set: (inout PruneOptions) -> Void = { _ in }
  ) throws(CairnError) -> PruneReport {
    var options = PruneOptions()
    set(&options)
    return try Prune.execute(
      options, in: repository, progress: Progress(), cancellation: Cancellation())
  }

  static func plan(
    _ repository: Repository, _ set: (inout PruneOptions) -> Void = { _ in }
  ) throws(CairnError) -> PrunePlan {
    var options = PruneOptions()
    set(&options)
    return try Prune.plan(
      options, in: repository, progress: Progress(), cancellation: Cancellation())
  }

  static func requireWhole(
    _ fixture: RepositoryFixture, _ kept: [(Snapshot, [Entry])], cache: TemporaryFolder? = nil,
    _ comment: Comment = ""
  ) throws {
    let repository = try fixture.open(cache: cache)
    #expect(try VerifyTests.verify(repository).damage == [], comment)
    #expect(try repository.catalog.load().snapshots == kept.map(\.0), comment)
    for (snapshot, entries) in kept {
      #expect(try RepositoryFixture.restore(snapshot, from: repository) == entries.sortedByName())
    }
  }

  static func storedByteCount(_ store: any ObjectStore) throws -> UInt64 {
    try [ObjectKind.packs, .index, .snapshots].reduce(0) { total, kind in
      try store.list(kind).reduce(total) { $0 + $1.byteCount }
    }
  }

  @Test func `what no snapshot needs goes and the rest stays`() throws {
    let (fixture, kept) = try Self.makeFixture()
    let before = try Self.storedByteCount(fixture.store)
    let plan = try Self.plan(try fixture.open()) { $0.maxUnused = .percent(0) }
    #expect(plan.hasWork && plan.unusedByteCount > 0 && !plan.packsToRepack.isEmpty)
    #expect(try Self.storedByteCount(fixture.store) == before)

    let report = try Self.prune(try fixture.open()) { $0.maxUnused = .percent(0) }
    let after = try Self.storedByteCount(fixture.store)
    #expect(Int64(before) - Int64(after) == report.bytesFreed)
    #expect(report.bytesFreed > 0)
    try Self.requireWhole(fixture, kept)
    let rest = try Self.plan(try fixture.open())
    #expect(!rest.hasWork && rest.unusedByteCount == 0 && rest.duplicateByteCount == 0)
    #expect(rest.usedByteCount == plan.usedByteCount)
    #expect(try fixture.store.list(.leases).isEmpty)
  }

  @Test func `a second prune changes nothing`() throws {
    let (fixture, kept) = try Self.makeFixture()
    _ = try Self.prune(try fixture.open())
    let before = try ObjectKind.allCases.flatMap { try fixture.store.list($0).map(\.key) }
    let report = try Self.prune(try fixture.open())
    #expect(report.packsDeleted == 0 && report.packsWritten == 0 && report.segmentsWritten == 0)
    #expect(try ObjectKind.allCases.flatMap { try fixture.store.list($0).map(\.key) } == before)
    try Self.requireWhole(fixture, kept)
  }

  @Test func `unlimited waste rewrites nothing`() throws {
    let (fixture, kept) = try Self.makeFixture()
    let report = try Self.prune(try fixture.open()) { $0.maxUnused = .unlimited }
    #expect(report.packsRepacked == 0 && report.packsWritten == 0)
    try Self.requireWhole(fixture, kept)
  }

  @Test func `no more is rewritten than allowed`() throws {
    let (fixture, kept) = try Self.makeFixture()
    let report = try Self.prune(try fixture.open()) {
      $0.maxUnused = .percent(0)
      $0.maxRepackByteCount = 70_000
    }
    #expect(report.plan.repackByteCount <= 70_000 && report.packsRepacked > 0)
    try Self.requireWhole(fixture, kept)
  }

  @Test func `everything goes when all is forgotten`() throws {
    let (fixture, kept) = try Self.makeFixture()
    let repository = try fixture.open()
    try Forget.execute(removing: kept.map(\.0), in: repository)
    _ = try Self.prune(repository)
    #expect(try fixture.store.list(.packs).isEmpty)
    #expect(try fixture.store.list(.index).isEmpty)
    try Self.requireWhole(fixture, [])
    // And life goes on.
    let entries = Self.entries(0..<5)
    let snapshot = try RepositoryFixture.backUp(entries, to: repository)
    try Self.requireWhole(fixture, [(snapshot, entries)])
  }

  @Test func `leftovers of interrupted runs are swept`() throws {
    let (fixture, kept) = try Self.makeFixture()
    let bytes = try fixture.store.readAll(
      try fixture.store.list(.packs)[0].key, byteCountMax: 1 << 24)
    let stray = ObjectKey(.packs, ObjectName(of: bytes + [1]))
    try fixture.store.put(stray, bytes + [1], mode: .keepExisting)
    let report = try Self.prune(try fixture.open())
    #expect(report.plan.unreferencedPacks.count == 1)
    #expect(try !fixture.store.list(.packs).contains { $0.key == stray })
    try Self.requireWhole(fixture, kept)
  }

  @Test func `duplicates are reduced to one copy`() throws {
    let (fixture, kept) = try Self.makeFixture()
    // Somebody with an empty cache and no view of the segments stores everything again.
    let segments = try fixture.store.list(.index).map {
      ($0.key, try fixture.store.readAll($0.key, byteCountMax: 1 << 24))
    }
    for (key, _) in segments { try fixture.store.delete(key) }
    let again = try RepositoryFixture.backUp(
      kept[1].1, to: try fixture.open(cache: TemporaryFolder()), time: 4)
    for (key, bytes) in segments { try fixture.store.put(key, bytes, mode: .keepExisting) }
    let all = kept + [(again, kept[1].1)]
    #expect(try Self.plan(try fixture.open()).duplicateChunkCount > 0)
    _ = try Self.prune(try fixture.open()) { $0.maxUnused = .bytes(0) }
    #expect(try Self.plan(try fixture.open()).duplicateChunkCount == 0)
    try Self.requireWhole(fixture, all)
  }

  @Test func `a damaged repository is left as it is`() throws {
    for kind in [ObjectKind.packs, .index, .snapshots] {
      let (fixture, _) = try Self.makeFixture()
      for (key, _) in try fixture.store.list(kind) {
        let intact = try fixture.store.readAll(key, byteCountMax: 1 << 24)
        try fixture.store.delete(key)
        let before = try fixture.store.list(.packs).map(\.key)
        do throws(CairnError) {
          _ = try Self.prune(try fixture.open())
          // A pack nobody needs may be missing.
          #expect(kind == .packs)
        } catch {
          #expect(error.code == .damaged, "\(error)")
          #expect(try fixture.store.list(.packs).map(\.key) == before)
        }
        if kind == .packs { break }
        try fixture.store.put(key, intact, mode: .replace)
      }
    }
  }

  @Test func `a running backup keeps it off`() throws {
    let (fixture, _) = try Self.makeFixture()
    let repository = try fixture.open()
    let session = try WriteSession(
      repository, operation: "backup", writerCount: 1, progress: Progress())
    let error = #expect(throws: CairnError.self) { try Self.prune(repository) }
    #expect(error?.code == .busy)
    try session.close()
    _ = try Self.prune(repository)
  }

  @Test func `a crash anywhere leaves every snapshot whole`() throws {
    for point in 0..<500 {
      let (fixture, kept) = try Self.makeFixture()
      let crashing = CrashStore(fixture.store, crashingAt: point)
      let repository = try fixture.open(crashing)
      var isDone = false
      do throws(CairnError) {
        _ = try Self.prune(repository) { $0.maxUnused = .percent(0) }
        isDone = !crashing.hasCrashed
      } catch {
        #expect(error.isSimulatedCrash, "\(error)")
      }
      try fixture.sweepLeases()
      let cache = point % 2 == 0 ? TemporaryFolder() : nil
      try Self.requireWhole(fixture, kept, cache: cache, "crash point \(point)")
      if isDone {
        #expect(point > 10)
        return
      }
      _ = try Self.prune(try fixture.open(cache: cache)) { $0.maxUnused = .percent(0) }
      try Self.requireWhole(fixture, kept, cache: cache, "rerun after crash point \(point)")
      #expect(try !Self.plan(try fixture.open(cache: cache)).hasWork)
    }
    Issue.record("it never ended")
  }
}

extension [RepositoryFixture.Entry] {
  /// As a directory lists them.
  func sortedByName() -> Self {
    map { entry in
      var entry = entry
      entry.entries = entry.entries?.sortedByName()
      return entry
    }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}
