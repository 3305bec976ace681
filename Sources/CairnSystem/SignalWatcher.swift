internal import CCairnSystem
package import CairnCore
internal import Glibc
internal import Synchronization

/// Turns signals into calls on a thread of their own, where (unlike in a signal handler) anything
/// may be done. Make it before any other thread: threads inherit the blocked signals.
///
/// Without a ``stop()`` it watches until the process ends.
package final class SignalWatcher: Sendable {
  private let stopping = Atomic<Bool>(false)
  private let thread = Mutex<WorkerThread?>(nil)

  /// What Ctrl-C and a polite `kill` send.
  package static let terminationSignals: [Int32] = [SIGINT, SIGTERM]

  /// Ends the process at once with the status that says "interrupted".
  package static let exitAtOnce: @Sendable (Int32) -> Void = { _ in
    _exit(ExitStatus.interrupted.rawValue)
  }

  /// Signals that follow the first this closely, in nanoseconds, mean the same request:
  /// `timeout` sends each one twice, to its child and to the group.
  package static let echoNanoseconds: Int64 = 500_000_000

  /// Calls `onFirst` for the first signal and `onRepeated` for each one that comes more than
  /// `echo` nanoseconds after it: whoever asks twice doesn't want to wait.
  package init(
    signals: [Int32] = SignalWatcher.terminationSignals, echo: Int64 = 0,
    onFirst: @escaping @Sendable (Int32) -> Void,
    onRepeated: @escaping @Sendable (Int32) -> Void = SignalWatcher.exitAtOnce
  ) throws(CairnError) {
    try checked(
      cairn_block_signals(signals, signals.count), "block signals", RawPath([]))
    var started: WorkerThread? = try WorkerThread(name: "signals", stackByteCount: 256 << 10) {
      [self] () throws(CairnError) in
      var firstTime: Int64?
      while true {
        let number = try checked(
          cairn_wait_signal(signals, signals.count), "wait for signals", RawPath([]))
        if stopping.load(ordering: .acquiring) { return }
        if number == cairn_wake_signal() { continue }
        let now = MonotonicClock.nanoseconds
        guard let first = firstTime else {
          firstTime = now
          onFirst(number)
          continue
        }
        if now - first >= echo { onRepeated(number) }
      }
    }
    thread.withLock { $0 = started.take() }
  }

  /// Watches for Ctrl-C and `kill`: the first asks for cancellation, the second ends the process
  /// with status 130.
  package convenience init(requesting cancellation: Cancellation) throws(CairnError) {
    try self.init(
      echo: SignalWatcher.echoNanoseconds, onFirst: { _ in cancellation.request() })
  }

  /// Ends the thread. The signals stay blocked.
  package func stop() throws(CairnError) {
    stopping.store(true, ordering: .releasing)
    send(signal: cairn_wake_signal())
    guard let thread = thread.withLock({ $0.take() }) else { return }
    try thread.join()
  }

  /// Sends a signal to the watching thread alone.
  func send(signal: Int32) {
    thread.withLock { $0?.send(signal: signal) }
  }
}
