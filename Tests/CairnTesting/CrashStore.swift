package import CairnCore
package import CairnObjectStore
internal import Synchronization

/// A store whose process dies at a chosen moment: from then on every call throws a simulated crash
/// and nothing reaches the store beneath, on which a test then continues as the next process.
///
/// A test runs the operation once with no crash to learn ``mutatingCallCount``, then once for each
/// number below it:
///
///     for point in 0..<total {
///       let beneath = MemoryStore()
///       let crashing = CrashStore(beneath, crashingAt: point)
///       #expect(throws: CairnError.self) { try operation(crashing) }
///       try recoverAndCheck(beneath)
///     }
package final class CrashStore: ObjectStore {
  private struct State {
    var mutatingCalls = 0
    var hasCrashed = false
    /// Uploads in progress when the process died. Kept, so that what they wrote stays behind
    /// until this store goes, as it does when a process dies.
    var stranded: [any ObjectUpload] = []
  }

  private let base: any ObjectStore
  private let crashPoint: Int?
  private let state = Mutex(State())

  /// Dies instead of the mutating call number `crashPoint`, counted from 0; `nil` for never.
  package init(_ base: any ObjectStore, crashingAt crashPoint: Int? = nil) {
    self.base = base
    self.crashPoint = crashPoint
  }

  package var location: String { base.location }

  /// Calls so far that change what is stored; see ``StoreOperation/mutates``.
  package var mutatingCallCount: Int { state.withLock { $0.mutatingCalls } }

  package var hasCrashed: Bool { state.withLock { $0.hasCrashed } }

  package func read(
    _ key: ObjectKey, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(CairnError) {
    try enter(.read)
    try base.read(key, at: offset, into: buffer)
  }

  package func readAll(_ key: ObjectKey, byteCountMax: Int) throws(CairnError) -> [UInt8] {
    try enter(.readAll)
    return try base.readAll(key, byteCountMax: byteCountMax)
  }

  package func byteCount(of key: ObjectKey) throws(CairnError) -> UInt64 {
    try enter(.byteCount)
    return try base.byteCount(of: key)
  }

  package func put(_ key: ObjectKey, _ bytes: [UInt8], mode: PutMode) throws(CairnError) {
    try enter(.put)
    try base.put(key, bytes, mode: mode)
  }

  package func beginUpload() throws(CairnError) -> any ObjectUpload {
    try enter(.beginUpload)
    return CrashUpload(try base.beginUpload(), in: self)
  }

  package func list(_ kind: ObjectKind, _ body: (ObjectKey, UInt64) throws(CairnError) -> Void)
    throws(CairnError)
  {
    try enter(.list)
    try base.list(kind, body)
  }

  package func delete(_ key: ObjectKey) throws(CairnError) {
    try enter(.delete)
    try base.delete(key)
  }

  package func removeLeftovers(olderThan age: Int64) throws(CairnError) -> UInt64 {
    try enter(.removeLeftovers)
    return try base.removeLeftovers(olderThan: age)
  }

  /// Counts a call; throws from the crash on.
  fileprivate func enter(_ operation: StoreOperation) throws(CairnError) {
    let hasCrashed = state.withLock { state in
      if state.hasCrashed { return true }
      guard operation.mutates else { return false }
      if state.mutatingCalls == crashPoint {
        state.hasCrashed = true
        return true
      }
      state.mutatingCalls += 1
      return false
    }
    if hasCrashed { throw CairnError.simulatedCrash }
  }

  /// Whether the process is still alive to clean up; otherwise keeps what it leaves behind.
  fileprivate func mayCleanUp(_ upload: any ObjectUpload) -> Bool {
    state.withLock { state in
      if state.hasCrashed { state.stranded.append(upload) }
      return !state.hasCrashed
    }
  }
}

extension CairnError {
  /// What a ``CrashStore`` throws from its crash on.
  package static let simulatedCrash = CairnError(.failed, "simulated crash of this process")

  package var isSimulatedCrash: Bool {
    code == .failed && message.hasSuffix(Self.simulatedCrash.message)
  }
}

private final class CrashUpload: ObjectUpload {
  private let base: any ObjectUpload
  private let store: CrashStore

  init(_ base: any ObjectUpload, in store: CrashStore) {
    self.base = base
    self.store = store
  }

  deinit { abort() }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(CairnError) {
    try store.enter(.write)
    try base.write(bytes, at: offset)
  }

  func commit(as key: ObjectKey, byteCount: UInt64) throws(CairnError) {
    try store.enter(.commit)
    try base.commit(as: key, byteCount: byteCount)
  }

  func abort() {
    if store.mayCleanUp(base) { base.abort() }
  }
}
