package import CairnCore
package import CairnObjectStore
internal import Synchronization

/// A store that fails when told to: errors before a call reaches the store beneath, and damage to
/// what is read from it.
package final class FaultyStore: ObjectStore {
  /// Which calls fail, and how.
  package struct Fault: Sendable {
    /// What happens to a call that the fault hits.
    package enum Effect: Sendable {
      /// The call throws and does nothing.
      case fail(CairnError)
      /// The call succeeds and then throws, like an answer lost on its way.
      case failAfter(CairnError)
      /// A read returns this bit, counted from the start of the range, inverted.
      case flipBit(Int)
      /// `readAll` returns only this many bytes; a range beyond them is `damaged`.
      case truncate(to: Int)
    }

    let effect: Effect
    /// Matching calls that go well before the first that doesn't.
    var skips: Int
    /// Matching calls that fail after that; `nil` for all.
    var hits: Int?
    let matches: @Sendable (StoreOperation, ObjectKey?) -> Bool

    /// - Parameters:
    ///   - skipping: so many matching calls go well first; 0 hits the first call.
    ///   - hits: so many calls fail then; `nil` for ever.
    ///   - matches: whether a call counts. The key is `nil` for operations that have none.
    package init(
      _ effect: Effect, skipping skips: Int = 0, hits: Int? = nil,
      where matches: @escaping @Sendable (StoreOperation, ObjectKey?) -> Bool = { _, _ in true }
    ) {
      self.effect = effect
      self.skips = skips
      self.hits = hits
      self.matches = matches
    }
  }

  private let base: any ObjectStore
  private let faults: Mutex<[Fault]>

  package init(_ base: any ObjectStore, faults: [Fault] = []) {
    self.base = base
    self.faults = Mutex(faults)
  }

  package var location: String { base.location }

  /// Adds a fault to those in force. When several match a call, the first added counts.
  package func add(_ fault: Fault) {
    faults.withLock { $0.append(fault) }
  }

  /// All goes well from now on.
  package func heal() {
    faults.withLock { $0.removeAll() }
  }

  package func read(
    _ key: ObjectKey, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(CairnError) {
    let effect = effect(on: .read, key)
    if case .truncate(let byteCount) = effect, offset + UInt64(buffer.count) > UInt64(byteCount) {
      throw CairnError.damaged("\(key) in \(location) ends at byte \(byteCount)")
    }
    try apply(effect) { () throws(CairnError) in
      try base.read(key, at: offset, into: buffer)
    }
    if case .flipBit(let bit) = effect, bit / 8 < buffer.count {
      buffer[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }

  package func readAll(_ key: ObjectKey, byteCountMax: Int) throws(CairnError) -> [UInt8] {
    let effect = effect(on: .readAll, key)
    var bytes = try apply(effect) { () throws(CairnError) in
      try base.readAll(key, byteCountMax: byteCountMax)
    }
    switch effect {
    case .flipBit(let bit) where bit / 8 < bytes.count: bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    case .truncate(let byteCount): bytes = [UInt8](bytes.prefix(byteCount))
    default: break
    }
    return bytes
  }

  package func byteCount(of key: ObjectKey) throws(CairnError) -> UInt64 {
    let effect = effect(on: .byteCount, key)
    let byteCount = try apply(effect) { () throws(CairnError) in try base.byteCount(of: key) }
    if case .truncate(let shorter) = effect { return min(byteCount, UInt64(shorter)) }
    return byteCount
  }

  package func put(_ key: ObjectKey, _ bytes: [UInt8], mode: PutMode) throws(CairnError) {
    try apply(effect(on: .put, key)) { () throws(CairnError) in
      try base.put(key, bytes, mode: mode)
    }
  }

  package func beginUpload() throws(CairnError) -> any ObjectUpload {
    try apply(effect(on: .beginUpload, nil)) { () throws(CairnError) in
      FaultyUpload(try base.beginUpload(), in: self)
    }
  }

  package func list(_ kind: ObjectKind, _ body: (ObjectKey, UInt64) throws(CairnError) -> Void)
    throws(CairnError)
  {
    try apply(effect(on: .list, nil)) { () throws(CairnError) in try base.list(kind, body) }
  }

  package func delete(_ key: ObjectKey) throws(CairnError) {
    try apply(effect(on: .delete, key)) { () throws(CairnError) in try base.delete(key) }
  }

  package func removeLeftovers(olderThan age: Int64) throws(CairnError) -> UInt64 {
    try apply(effect(on: .removeLeftovers, nil)) { () throws(CairnError) in
      try base.removeLeftovers(olderThan: age)
    }
  }

  fileprivate func effect(on operation: StoreOperation, _ key: ObjectKey?) -> Fault.Effect? {
    faults.withLock { faults in
      for index in faults.indices where faults[index].matches(operation, key) {
        if faults[index].skips > 0 {
          faults[index].skips -= 1
          continue
        }
        guard let hits = faults[index].hits else { return faults[index].effect }
        if hits > 0 {
          faults[index].hits = hits - 1
          return faults[index].effect
        }
      }
      return nil
    }
  }

  fileprivate func apply<Result>(
    _ effect: Fault.Effect?, _ body: () throws(CairnError) -> Result
  ) throws(CairnError) -> Result {
    if case .fail(let error) = effect { throw error }
    let result = try body()
    if case .failAfter(let error) = effect { throw error }
    return result
  }
}

private final class FaultyUpload: ObjectUpload {
  private let base: any ObjectUpload
  private let store: FaultyStore

  init(_ base: any ObjectUpload, in store: FaultyStore) {
    self.base = base
    self.store = store
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(CairnError) {
    try store.apply(store.effect(on: .write, nil)) { () throws(CairnError) in
      try base.write(bytes, at: offset)
    }
  }

  func commit(as key: ObjectKey, byteCount: UInt64) throws(CairnError) {
    try store.apply(store.effect(on: .commit, key)) { () throws(CairnError) in
      try base.commit(as: key, byteCount: byteCount)
    }
  }

  func abort() { base.abort() }
}
