import CairnCore
import CairnFormat
import CairnObjectStore
import CairnRepository
import CairnTesting
import Testing

@Suite struct WriteSessionTests {
  typealias Entry = RepositoryFixture.Entry

  static func entries(_ range: Range<Int>) -> [Entry] {
    [
      .directory(
        "d",
        range.map {
          .file("f\(1000 + $0)", [RepositoryFixture.noise(3000, seed: UInt64($0 + 1))])
        }),
      .file("paged", (0..<80).map { RepositoryFixture.noise(50, seed: UInt64(9000 + $0)) }),
    ]
  }

  /// Every listed snapshot is whole, and nothing is reported damaged.
  static func requireWhole(
    _ fixture: RepositoryFixture, _ contents: [[Entry]], cache: TemporaryFolder, _ comment: Comment
  ) throws {
    let repository = try fixture.open(cache: cache)
    #expect(repository.segmentDamage.isEmpty, comment)
    let catalog = try repository.catalog.load()
    #expect(catalog.damage.isEmpty, comment)
    for snapshot in catalog.snapshots {
      let restored = try RepositoryFixture.restore(snapshot, from: repository)
      #expect(contents.contains(restored), comment)
    }
  }

  @Test func `what was stored is read back`() throws {
    let fixture = try RepositoryFixture()
    let repository = try fixture.open()
    let entries = Self.entries(0..<50)
    let snapshot = try RepositoryFixture.backUp(entries, to: repository)
    #expect(try RepositoryFixture.restore(snapshot, from: repository) == entries)
    #expect(try repository.catalog.load().snapshots == [snapshot])
    #expect(try repository.catalog.load().resolve("latest") == snapshot)
    #expect(try fixture.store.list(.leases).isEmpty)
  }

  @Test func `the same again stores nothing`() throws {
    let fixture = try RepositoryFixture()
    let repository = try fixture.open()
    try RepositoryFixture.backUp(Self.entries(0..<20), to: repository, time: 1)
    let packs = try fixture.store.list(.packs).map(\.key)
    let second = try RepositoryFixture.backUp(Self.entries(0..<20), to: repository, time: 2)
    #expect(try fixture.store.list(.packs).map(\.key) == packs)
    #expect(second.record.generation == 3 && second.record.previous != nil)
  }

  @Test func `after a crash at any store call every listed snapshot is whole`() throws {
    let (first, second) = (Self.entries(0..<30), Self.entries(20..<60))
    for point in 0..<500 {
      let fixture = try RepositoryFixture()
      try RepositoryFixture.backUp(first, to: try fixture.open(), time: 1)
      let crashing = CrashStore(fixture.store, crashingAt: point)
      do throws(CairnError) {
        _ = try RepositoryFixture.backUp(second, to: try fixture.open(crashing), time: 2)
      } catch {
        #expect(error.isSimulatedCrash || error.code == .interrupted, "\(error)")
      }
      try fixture.sweepLeases()
      let other = TemporaryFolder()
      for cache in [fixture.cache, other] {
        try Self.requireWhole(fixture, [first, second], cache: cache, "crash point \(point)")
      }
      // The next run continues, and what it commits is whole as well.
      let repository = try fixture.open()
      let snapshot = try RepositoryFixture.backUp(second, to: repository, time: 3)
      #expect(try RepositoryFixture.restore(snapshot, from: repository) == second)
      if !crashing.hasCrashed {
        #expect(point > 10)
        return
      }
    }
    Issue.record("it never ended")
  }

  @Test func `a full disk ends the session with that error`() throws {
    let fixture = try RepositoryFixture()
    for operation in [StoreOperation.write, .commit, .beginUpload] {
      let faulty = FaultyStore(fixture.store)
      let repository = try fixture.open(faulty)
      faulty.add(
        .init(.fail(CairnError(.outOfSpace, "no space")), skipping: 1) { call, _ in
          call == operation
        })
      let error = #expect(throws: CairnError.self) {
        try RepositoryFixture.backUp(Self.entries(0..<60), to: repository)
      }
      #expect(error?.code == .outOfSpace, "\(operation)")
      #expect(try fixture.store.list(.leases).isEmpty)
      #expect(try fixture.store.list(.snapshots).isEmpty)
    }
  }
}
