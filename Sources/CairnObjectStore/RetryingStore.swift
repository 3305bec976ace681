package import CairnCore
internal import Glibc

/// Repeats calls that failed for a reason that may pass, with growing, jittered pauses.
///
/// Not repeated: `commit`, and writes to an upload, which has ended when it failed (the caller
/// begins a new one); `put` with `failIfExisting`, since the first attempt may have succeeded
/// unheard; a listing that has already passed on objects.
package struct RetryingStore: ObjectStore {
  /// How often and how patiently to try.
  package struct Policy: Sendable {
    /// Attempts in all, at least 1.
    package var attemptsMax = 5
    /// Longest pause after the first failure, milliseconds; it doubles with each further one.
    package var firstPauseMax: UInt64 = 200
    /// No pause is longer, milliseconds.
    package var pauseMax: UInt64 = 10_000
    /// Whether trying again may help.
    package var isTransient: @Sendable (CairnError) -> Bool = RetryingStore.isTransient

    package init() {}
  }

  private let base: any ObjectStore
  private let policy: Policy
  private let pause: @Sendable (_ milliseconds: UInt64) throws(CairnError) -> Void

  /// - Parameters:
  ///   - pause: waits so many milliseconds on the calling thread; throws to give up, for example
  ///     when the operation was cancelled.
  package init(
    _ base: any ObjectStore, policy: Policy = Policy(),
    pause: @escaping @Sendable (_ milliseconds: UInt64) throws(CairnError) -> Void
  ) {
    precondition(policy.attemptsMax >= 1)
    self.base = base
    self.policy = policy
    self.pause = pause
  }

  package var location: String { base.location }

  /// Failures of a network or an overloaded server; not those of a disk, which stay.
  package static func isTransient(_ error: CairnError) -> Bool {
    switch error.errno {
    case EAGAIN, ETIMEDOUT, ECONNRESET, ECONNREFUSED, ECONNABORTED, EPIPE, EHOSTUNREACH, EHOSTDOWN,
      ENETUNREACH, ENETDOWN, ENETRESET, ESTALE:
      true
    default: false
    }
  }

  package func read(
    _ key: ObjectKey, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(CairnError) {
    try retrying { () throws(CairnError) in try base.read(key, at: offset, into: buffer) }
  }

  package func readAll(_ key: ObjectKey, byteCountMax: Int) throws(CairnError) -> [UInt8] {
    try retrying { () throws(CairnError) in try base.readAll(key, byteCountMax: byteCountMax) }
  }

  package func byteCount(of key: ObjectKey) throws(CairnError) -> UInt64 {
    try retrying { () throws(CairnError) in try base.byteCount(of: key) }
  }

  package func put(_ key: ObjectKey, _ bytes: [UInt8], mode: PutMode) throws(CairnError) {
    if mode == .failIfExisting { return try base.put(key, bytes, mode: mode) }
    try retrying { () throws(CairnError) in try base.put(key, bytes, mode: mode) }
  }

  package func beginUpload() throws(CairnError) -> any ObjectUpload {
    try retrying { () throws(CairnError) in try base.beginUpload() }
  }

  package func list(_ kind: ObjectKind, _ body: (ObjectKey, UInt64) throws(CairnError) -> Void)
    throws(CairnError)
  {
    var hasPassedOn = false
    let mayRepeat = { !hasPassedOn }
    try retrying(if: mayRepeat) { () throws(CairnError) in
      try base.list(kind) { (key, byteCount) throws(CairnError) in
        hasPassedOn = true
        try body(key, byteCount)
      }
    }
  }

  package func delete(_ key: ObjectKey) throws(CairnError) {
    try retrying { () throws(CairnError) in try base.delete(key) }
  }

  package func removeLeftovers(olderThan age: Int64) throws(CairnError) -> UInt64 {
    try retrying { () throws(CairnError) in try base.removeLeftovers(olderThan: age) }
  }

  private func retrying<Result>(
    if mayRepeat: () -> Bool = { true }, _ call: () throws(CairnError) -> Result
  ) throws(CairnError) -> Result {
    var longest = policy.firstPauseMax
    for _ in 1..<policy.attemptsMax {
      do throws(CairnError) {
        return try call()
      } catch {
        guard policy.isTransient(error), mayRepeat() else { throw error }
      }
      // Anywhere between half and all of it, so that many clients don't come back at once.
      try pause(UInt64.random(in: longest / 2...longest))
      longest = min(longest * 2, policy.pauseMax)
    }
    return try call()
  }
}
