import CairnCore
import CairnCrypto
import CairnFormat
import CairnObjectStore
import CairnRepository
import CairnTesting
import Testing

@Suite struct LedgerTests {
  static func name(_ text: String) -> ObjectName { ObjectName(of: Array(text.utf8)) }

  @Test func `writers that cross lose nothing`() throws {
    let repository = try RepositoryFixture().open()
    let ledger = repository.ledger
    let now = RepositoryFixture.clock.now
    let state = try ledger.load()
    try ledger.advance(from: state, addingSnapshots: [Self.name("a")], now: now)
    try ledger.advance(from: state, addingSnapshots: [Self.name("b")], now: now)
    let crossed = try ledger.load()
    #expect(crossed.records.count == 2)
    #expect(crossed.merged.snapshots == [Self.name("a"), Self.name("b")])
    try ledger.advance(from: crossed, removing: [Self.name("a")], now: now)
    let merged = try ledger.load()
    #expect(merged.records.count == 1 && merged.merged.snapshots == [Self.name("b")])
    #expect(merged.isRemoved(Self.name("a")))
    #expect(merged.generation == state.generation + 2)
  }

  @Test func `what was removed stays removed beside an older list`() throws {
    let repository = try RepositoryFixture().open()
    let ledger = repository.ledger
    let now = RepositoryFixture.clock.now
    try ledger.advance(from: try ledger.load(), addingSnapshots: [Self.name("a")], now: now)
    let state = try ledger.load()
    try ledger.advance(from: state, removing: [Self.name("a")], now: now)
    try ledger.advance(from: state, addingSnapshots: [Self.name("b")], now: now)
    #expect(try ledger.load().merged.snapshots == [Self.name("b")])
  }

  @Test func `a snapshot that vanished is damage and one that was forgotten is not`() throws {
    let fixture = try RepositoryFixture()
    let repository = try fixture.open()
    let snapshot = try RepositoryFixture.backUp([.file("f", [[1]])], to: repository)
    let key = ObjectKey(.snapshots, snapshot.name)
    let bytes = try fixture.store.readAll(key, byteCountMax: 1 << 20)
    try fixture.store.delete(key)
    #expect(try repository.catalog.load().damage.count == 1)
    try fixture.store.put(key, bytes, mode: .replace)
    let ledger = repository.ledger
    try ledger.advance(
      from: try ledger.load(), removing: [snapshot.name], now: RepositoryFixture.clock.now)
    // Its object is still there, but counts for nothing.
    let contents = try repository.catalog.load()
    #expect(contents.damage.isEmpty && contents.snapshots.isEmpty)
  }

  @Test func `a ledger that is gone is damage`() throws {
    let fixture = try RepositoryFixture()
    let repository = try fixture.open()
    for (key, _) in try fixture.store.list(.ledger) { try fixture.store.delete(key) }
    #expect(try !repository.catalog.load().damage.isEmpty)
  }
}
