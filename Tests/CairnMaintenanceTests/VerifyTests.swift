import CairnCore
import CairnCrypto
import CairnMaintenance
import CairnObjectStore
import CairnRepository
import CairnTesting
import Testing

@Suite struct VerifyTests {
  typealias Entry = RepositoryFixture.Entry

  /// Two snapshots that share most; several packs of each kind.
  static func makeFixture() throws -> RepositoryFixture {
    let fixture = try RepositoryFixture()
    let repository = try fixture.open()
    try RepositoryFixture.backUp(entries(changed: false), to: repository)
    try RepositoryFixture.backUp(entries(changed: true), to: repository, time: 1_700_000_100)
    return fixture
  }

  static func entries(changed: Bool) -> [Entry] {
    var files = (0..<20).map { number in
      Entry.file(
        "file\(number)",
        (0..<3).map { RepositoryFixture.noise(2000, seed: UInt64(number * 10 + $0 + 1)) })
    }
    files.append(.file("zeros", [[UInt8](repeating: 0, count: 9000)]))
    // More chunks than a node holds itself: a paged list.
    files.append(
      .file("many", (0..<100).map { RepositoryFixture.noise(30, seed: UInt64(5000 + $0)) }))
    files.append(
      .file("mtime", [RepositoryFixture.noise(500, seed: changed ? 900 : 901)]))
    return [.directory("a", files), .directory("b", [.directory("c", [.file("empty", [])])])]
  }

  static func verify(
    _ repository: Repository, readsData: Bool = true
  ) throws(CairnError) -> VerifyReport {
    var options = VerifyOptions()
    options.readsData = readsData
    options.workerCount = 2
    return try Verify.run(
      options, in: repository, progress: Progress(), cancellation: Cancellation())
  }

  /// What a later process finds: an error that says so when opening, or a report that does.
  static func finding(in fixture: RepositoryFixture, readsData: Bool = true) throws -> String? {
    do throws(CairnError) {
      let report = try verify(try fixture.open(), readsData: readsData)
      return report.damage.first?.description
    } catch {
      let isExpected = [.damaged, .unsupported, .noRepository].contains(error.code)
      return isExpected ? error.message : nil
    }
  }

  static let kinds: [ObjectKind] = [.config, .keys, .packs, .index, .snapshots, .ledger]

  static func objects(_ fixture: RepositoryFixture) throws -> [ObjectKey] {
    try kinds.flatMap { try fixture.store.list($0).map(\.key) }
  }

  @Test func `an intact repository is sound`() throws {
    let fixture = try Self.makeFixture()
    let report = try Self.verify(try fixture.open())
    #expect(report.damage == [] && report.isSound)
    #expect(report.notes == [])
    #expect(report.snapshotCount == 2)
    #expect(report.packCount > 2)
    #expect(report.bytesRead == report.packByteCount)
    #expect(report.chunkCount == 20 * 3 + 1 + 100 + 2)
  }

  @Test func `a flipped bit anywhere is found`() throws {
    let fixture = try Self.makeFixture()
    for key in try Self.objects(fixture) {
      let intact = try fixture.store.readAll(key, byteCountMax: 1 << 24)
      // Every byte of an object costs a verification: a sample, with both ends.
      let step = max(1, intact.count / 12)
      let positions = Set(stride(from: 0, to: intact.count, by: step))
        .union([intact.count - 1, min(intact.count - 1, 87), min(intact.count - 1, 90)])
      for position in positions {
        var bytes = intact
        bytes[position] ^= 1 << UInt8(position % 8)
        try fixture.store.put(key, bytes, mode: .replace)
        #expect(try Self.finding(in: fixture) != nil, "\(key) byte \(position)")
      }
      try fixture.store.put(key, intact, mode: .replace)
    }
    #expect(try Self.finding(in: fixture) == nil)
  }

  @Test func `a truncated object is found`() throws {
    let fixture = try Self.makeFixture()
    for key in try Self.objects(fixture) {
      let intact = try fixture.store.readAll(key, byteCountMax: 1 << 24)
      for count in [0, 1, intact.count / 2, intact.count - 1] {
        try fixture.store.put(key, [UInt8](intact[..<count]), mode: .replace)
        #expect(try Self.finding(in: fixture) != nil, "\(key) cut to \(count)")
      }
      try fixture.store.put(key, intact, mode: .replace)
    }
  }

  @Test func `a missing object is found without reading data`() throws {
    let fixture = try Self.makeFixture()
    for key in try Self.objects(fixture) {
      let intact = try fixture.store.readAll(key, byteCountMax: 1 << 24)
      try fixture.store.delete(key)
      #expect(try Self.finding(in: fixture, readsData: false) != nil, "\(key)")
      try fixture.store.put(key, intact, mode: .replace)
    }
  }

  @Test func `a missing pack names the paths that need it`() throws {
    let fixture = try Self.makeFixture()
    for (key, _) in try fixture.store.list(.index) { try fixture.store.delete(key) }
    let report = try Self.verify(try fixture.open(), readsData: false)
    #expect(report.damage.contains { $0.path == Array("/".utf8) && $0.snapshot != nil })
  }

  @Test func `a pack in no segment is noted`() throws {
    let fixture = try Self.makeFixture()
    let pack = try fixture.store.list(.packs)[0].key
    let bytes = try fixture.store.readAll(pack, byteCountMax: 1 << 24) + [0]
    try fixture.store.put(ObjectKey(.packs, ObjectName(of: bytes)), bytes, mode: .keepExisting)
    let report = try Self.verify(try fixture.open())
    #expect(report.isSound && report.notes.count == 1)
  }

  @Test func `an interrupted verification says so`() throws {
    let fixture = try Self.makeFixture()
    let cancellation = Cancellation()
    cancellation.request()
    let repository = try fixture.open()
    let error = #expect(throws: CairnError.self) {
      try Verify.run(
        VerifyOptions(), in: repository, progress: Progress(), cancellation: cancellation)
    }
    #expect(error?.code == .interrupted)
    #expect(try fixture.store.list(.leases).isEmpty)
  }
}
