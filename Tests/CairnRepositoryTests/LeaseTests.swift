import CairnCore
import CairnFormat
import CairnObjectStore
import CairnRepository
import CairnSystem
import CairnTesting
import Testing

@Suite struct LeaseTests {
  /// Puts a lease of somebody else into the store.
  static func plant(_ record: LeaseRecord, in repository: Repository) throws(CairnError) {
    let bytes = try repository.vault.sealer.seal(try JSONRecord.encode(record), kind: .lease)
    let key = ObjectKey(.leases, hex: Hex.encode(try SystemRandom.bytes(16)))!
    try repository.store.put(key, bytes, mode: .failIfExisting)
  }

  static func record(
    _ mode: LeaseRecord.Mode = .exclusive, host: String = "elsewhere", machineID: String = "",
    bootID: String = "other",
    pid: Int32 = 1, start: UInt64 = 1, renewed: Int64 = RepositoryFixture.clock.now.seconds
  ) -> LeaseRecord {
    LeaseRecord(
      mode: mode, operation: "prune", host: host, machineID: machineID, bootID: bootID,
      processID: pid,
      processStart: start, started: renewed, renewed: renewed)
  }

  /// The lease this process writes, as its record.
  static func ownRecord(_ repository: Repository) throws -> LeaseRecord {
    let lease = try Lease.acquire(.shared, for: "probe", in: repository)
    let key = try repository.store.list(.leases)[0].key
    let bytes = try repository.store.readAll(key, byteCountMax: 1 << 16)
    let record = try JSONRecord.decode(
      LeaseRecord.self, from: try repository.vault.sealer.open(bytes, kind: .lease), what: "lease")
    try lease.release()
    return record
  }

  static func isBusy(_ mode: LeaseRecord.Mode, _ repository: Repository) throws -> Bool {
    do throws(CairnError) {
      try Lease.acquire(mode, for: "test", in: repository).release()
      return false
    } catch  where error.code == .busy {
      return true
    }
  }

  @Test func `shared leases share and an exclusive one excludes`() throws {
    let repository = try RepositoryFixture().open()
    let first = try Lease.acquire(.shared, for: "backup", in: repository)
    #expect(try !Self.isBusy(.shared, repository))
    #expect(try Self.isBusy(.exclusive, repository))
    try first.check()
    try first.release()
    let exclusive = try Lease.acquire(.exclusive, for: "prune", in: repository)
    #expect(try Self.isBusy(.shared, repository))
    #expect(try Self.isBusy(.exclusive, repository))
    try exclusive.release()
    #expect(try repository.store.list(.leases).isEmpty)
  }

  @Test func `another machine counts until its lease has run out`() throws {
    let repository = try RepositoryFixture().open()
    let now = RepositoryFixture.clock.now.seconds
    try Self.plant(Self.record(renewed: now - 29 * 60), in: repository)
    #expect(try Self.isBusy(.shared, repository))
    for (key, _) in try repository.store.list(.leases) { try repository.store.delete(key) }
    try Self.plant(Self.record(renewed: now - 31 * 60), in: repository)
    #expect(try !Self.isBusy(.shared, repository))
    #expect(try repository.store.list(.leases).isEmpty, "swept by whoever meets it")
  }

  @Test func `dead processes of this machine count for nothing`() throws {
    let repository = try RepositoryFixture().open()
    var record = try Self.ownRecord(repository)
    record.mode = .exclusive
    try Self.plant(record, in: repository)
    #expect(try Self.isBusy(.shared, repository), "this process lives")
    for (key, _) in try repository.store.list(.leases) { try repository.store.delete(key) }
    // The same number, but another process.
    record.processStart += 1
    try Self.plant(record, in: repository)
    #expect(try !Self.isBusy(.exclusive, repository))
  }

  @Test func `after a reboot the leases from before count for nothing`() throws {
    let repository = try RepositoryFixture().open()
    var record = try Self.ownRecord(repository)
    record.mode = .exclusive
    record.bootID = "00000000-0000-0000-0000-000000000000" + record.bootID.dropFirst(36)
    try Self.plant(record, in: repository)
    // Without a machine id nobody can tell it from a namesake, so it counts like any other's.
    #expect(try Self.isBusy(.exclusive, repository) == record.machineID.isEmpty)
  }

  @Test func `a namesake on another machine is not taken for this one`() throws {
    let repository = try RepositoryFixture().open()
    var record = try Self.ownRecord(repository)
    record.mode = .exclusive
    record.machineID = "0123456789abcdef0123456789abcdef"
    record.bootID = "00000000-0000-0000-0000-000000000000" + record.bootID.dropFirst(36)
    try Self.plant(record, in: repository)
    #expect(try Self.isBusy(.exclusive, repository))
  }

  @Test func `a malformed lease is swept`() throws {
    let repository = try RepositoryFixture().open()
    let key = ObjectKey(.leases, hex: "00112233445566778899aabbccddeeff")!
    try repository.store.put(key, [1, 2, 3], mode: .replace)
    #expect(try !Self.isBusy(.exclusive, repository))
    #expect(try repository.store.list(.leases).isEmpty)
  }
}
