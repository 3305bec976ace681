package import CairnCore
internal import Synchronization

/// Counts the calls and bytes that go to a store: for statistics, and for tests that bound what an
/// operation may cost.
package final class MeteredStore: ObjectStore {
  /// What one kind of call has come to so far.
  package struct Reading: Sendable, Equatable {
    /// Calls begun, whether they succeeded or not.
    package var calls: UInt64
    /// Bytes of object content carried by the calls that succeeded.
    package var byteCount: UInt64

    package init(calls: UInt64, byteCount: UInt64) {
      self.calls = calls
      self.byteCount = byteCount
    }
  }

  private let base: any ObjectStore
  private let meters = StoreMeters()

  package init(_ base: any ObjectStore) {
    self.base = base
  }

  package var location: String { base.location }

  /// The count of one operation. Readings of several operations are not taken at one instant.
  package subscript(operation: StoreOperation) -> Reading {
    let meter = meters[operation]
    return Reading(
      calls: meter.calls.load(ordering: .relaxed),
      byteCount: meter.byteCount.load(ordering: .relaxed))
  }

  package func read(
    _ key: ObjectKey, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(CairnError) {
    meters.begin(.read)
    try base.read(key, at: offset, into: buffer)
    meters.add(buffer.count, to: .read)
  }

  package func readAll(_ key: ObjectKey, byteCountMax: Int) throws(CairnError) -> [UInt8] {
    meters.begin(.readAll)
    let bytes = try base.readAll(key, byteCountMax: byteCountMax)
    meters.add(bytes.count, to: .readAll)
    return bytes
  }

  package func byteCount(of key: ObjectKey) throws(CairnError) -> UInt64 {
    meters.begin(.byteCount)
    return try base.byteCount(of: key)
  }

  package func put(_ key: ObjectKey, _ bytes: [UInt8], mode: PutMode) throws(CairnError) {
    meters.begin(.put)
    try base.put(key, bytes, mode: mode)
    meters.add(bytes.count, to: .put)
  }

  package func beginUpload() throws(CairnError) -> any ObjectUpload {
    meters.begin(.beginUpload)
    return MeteredUpload(try base.beginUpload(), meters)
  }

  package func list(_ kind: ObjectKind, _ body: (ObjectKey, UInt64) throws(CairnError) -> Void)
    throws(CairnError)
  {
    meters.begin(.list)
    try base.list(kind, body)
  }

  package func delete(_ key: ObjectKey) throws(CairnError) {
    meters.begin(.delete)
    try base.delete(key)
  }

  package func removeLeftovers(olderThan age: Int64) throws(CairnError) -> UInt64 {
    meters.begin(.removeLeftovers)
    return try base.removeLeftovers(olderThan: age)
  }
}

/// One pair of counters for each operation.
private final class StoreMeters: Sendable {
  final class Meter: Sendable {
    let calls = Atomic<UInt64>(0)
    let byteCount = Atomic<UInt64>(0)
  }

  private let meters: [StoreOperation: Meter] = Dictionary(
    uniqueKeysWithValues: StoreOperation.allCases.map { ($0, Meter()) })

  subscript(operation: StoreOperation) -> Meter {
    guard let meter = meters[operation] else { preconditionFailure("every operation has a meter") }
    return meter
  }

  func begin(_ operation: StoreOperation) {
    self[operation].calls.add(1, ordering: .relaxed)
  }

  func add(_ byteCount: Int, to operation: StoreOperation) {
    self[operation].byteCount.add(UInt64(byteCount), ordering: .relaxed)
  }
}

private final class MeteredUpload: ObjectUpload {
  private let base: any ObjectUpload
  private let meters: StoreMeters

  init(_ base: any ObjectUpload, _ meters: StoreMeters) {
    self.base = base
    self.meters = meters
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(CairnError) {
    meters.begin(.write)
    try base.write(bytes, at: offset)
    meters.add(bytes.count, to: .write)
  }

  func commit(as key: ObjectKey, byteCount: UInt64) throws(CairnError) {
    meters.begin(.commit)
    try base.commit(as: key, byteCount: byteCount)
    // What was kept, without the padding that `write` has counted.
    meters.add(Int(byteCount), to: .commit)
  }

  func abort() { base.abort() }
}
