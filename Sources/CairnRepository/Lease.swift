package import CairnCore
internal import CairnCrypto
package import CairnFormat
internal import CairnObjectStore
internal import CairnSystem
internal import Synchronization

/// Says that this process works on the repository, for as long as it lives. There is nothing to
/// unlock: a lease whose process is gone counts for nothing and is swept by whoever meets it.
///
/// Backups, `forget` and `key` take shared leases, `prune` an exclusive one. Each writes its own
/// lease first and looks at the others' after, so that of two that exclude each other at least one
/// notices.
package final class Lease: Sendable {
  /// Renewal of a lease on another machine must be younger than this to count, seconds. Long
  /// enough for a suspended laptop's short nap and for clocks that differ by some minutes.
  static let lifetimeSeconds: Int64 = 30 * 60
  /// A process whose own lease is older than this stops relying on it: well before others may
  /// take it for dead.
  static let ownLifetimeSeconds: Int64 = 25 * 60
  /// Between renewals, seconds.
  static let renewalSeconds: Int64 = 60

  private let vault: ObjectVault
  private let key: ObjectKey
  private let record: LeaseRecord
  private let clock: any WallClock
  private let end = Alarm()
  private let renewed: Mutex<Int64>
  private let renewal: Mutex<RenewalThread?>

  private final class RenewalThread: Sendable {
    let pool: WorkerPool
    init(_ pool: WorkerPool) { self.pool = pool }
  }

  /// Names this boot and process-number space: numbers compare only within one.
  private static func processSpace() throws(CairnError) -> String {
    let space = try DirectoryHandle.working.linkTarget(of: "/proc/self/ns/pid")
    return try SystemInformation.bootID() + "/" + String(decoding: space, as: UTF8.self)
  }

  /// Takes a lease. `busy` when a living process holds one that excludes it.
  package static func acquire(
    _ mode: LeaseRecord.Mode, for operation: String, in repository: Repository
  ) throws(CairnError) -> Lease {
    try Repository.requireKnown(repository.config.features.write, to: "be written to")
    let process = try ProcessIdentity.current()
    let now = repository.clock.now.seconds
    let record = LeaseRecord(
      mode: mode, operation: operation, host: try SystemInformation.hostname(),
      machineID: try SystemInformation.machineID() ?? "", bootID: try processSpace(),
      processID: process.pid, processStart: process.startTicks,
      started: now, renewed: now)
    let name = Hex.encode(try RandomBytes.make(16))
    guard let key = ObjectKey(.leases, hex: name) else { preconditionFailure("hexadecimal") }
    let lease = Lease(vault: repository.vault, key: key, record: record, clock: repository.clock)
    try lease.write()
    do throws(CairnError) {
      if let other = try lease.findExcluding() {
        throw CairnError(
          .busy,
          "\(other.operation) is running on the repository (process \(other.processID) on"
            + " \(other.host), since \(Lease.age(now - other.started))); try again when it is done")
      }
      try lease.startRenewing()
      return lease
    } catch {
      try lease.vault.store.delete(key)
      throw error
    }
  }

  private init(vault: ObjectVault, key: ObjectKey, record: LeaseRecord, clock: any WallClock) {
    self.vault = vault
    self.key = key
    self.record = record
    self.clock = clock
    renewed = Mutex(record.renewed)
    renewal = Mutex(nil)
  }

  private static func age(_ seconds: Int64) -> String {
    seconds < 120 ? "\(max(0, seconds)) s" : "\(seconds / 60) min"
  }

  private func write() throws(CairnError) {
    var record = self.record
    record.renewed = clock.now.seconds
    let bytes = try vault.sealer.seal(try JSONRecord.encode(record), kind: .lease)
    try vault.store.put(key, bytes, mode: .replace)
    let time = record.renewed
    renewed.withLock { $0 = time }
  }

  /// A living lease of somebody else that excludes this one; dead ones are swept on the way.
  private func findExcluding() throws(CairnError) -> LeaseRecord? {
    for (other, _) in try vault.store.list(.leases) where other != key {
      let record: LeaseRecord
      do throws(CairnError) {
        let bytes = try vault.store.readAll(other, byteCountMax: 65_536)
        record = try JSONRecord.decode(
          LeaseRecord.self, from: try vault.sealer.open(bytes, kind: .lease), what: other.path)
      } catch  where error.code == .notFound {
        continue
      } catch  where error.code == .damaged {
        // Nobody alive writes such a lease: they are replaced in one step.
        try vault.store.delete(other)
        continue
      }
      guard try isAlive(record) else {
        try vault.store.delete(other)
        continue
      }
      if record.mode == .exclusive || self.record.mode == .exclusive { return record }
    }
    return nil
  }

  private func isAlive(_ other: LeaseRecord) throws(CairnError) -> Bool {
    if other.bootID == record.bootID {
      return try ProcessIdentity(pid: other.processID, startTicks: other.processStart).isAlive()
    }
    if !record.machineID.isEmpty, other.machineID == record.machineID, other.host == record.host,
      other.bootID.prefix(36) != record.bootID.prefix(36)
    {
      return false  // this machine has booted since
    }
    return clock.now.seconds - other.renewed < Lease.lifetimeSeconds
  }

  private func startRenewing() throws(CairnError) {
    let pool = try WorkerPool(name: "lease", count: 1) { [self] (_) throws(CairnError) in
      while !end.sleep(nanoseconds: Lease.renewalSeconds * 1_000_000_000) {
        do throws(CairnError) {
          try write()
        } catch {
          // Tried again in a minute; `check()` tells when it has failed for too long.
          continue
        }
      }
    }
    let thread = RenewalThread(pool)
    renewal.withLock { $0 = thread }
  }

  /// Throws `busy` when the lease could not be renewed for so long that others may have taken this
  /// process for dead. To be called before anything relies on packs still being there.
  package func check() throws(CairnError) {
    let last = renewed.withLock { $0 }
    guard clock.now.seconds - last < Lease.ownLifetimeSeconds else {
      throw CairnError(
        .busy,
        "this process was stopped for longer than its lease on the repository lasts; run it again")
    }
  }

  /// Ends the lease.
  package func release() throws(CairnError) {
    end.ring()
    if let thread = renewal.withLock({ $0.take() }) { try thread.pool.join() }
    try vault.store.delete(key)
  }
}
