import CairnCore
import CairnSystem
import Synchronization

/// One line on the terminal that tells how far the work is, drawn seven times a second by a thread
/// of its own.
final class ProgressDisplay: Sendable {
  private let progress: Progress
  private let alarm = Alarm()
  private let state = Mutex(State())

  private struct State: ~Copyable {
    var thread: WorkerThread?
    /// Whether a line stands there now.
    var isDrawn = false
  }

  private static let interval: Int64 = 1_000_000_000 / 7
  private static let clearLine = "\r\u{1b}[K"

  init(_ progress: Progress) {
    self.progress = progress
  }

  func start() throws(CairnError) {
    let start = MonotonicClock.nanoseconds
    let thread = try WorkerThread(name: "progress", stackByteCount: 512 << 10) {
      [self] () throws(CairnError) in
      while !alarm.sleep(nanoseconds: ProgressDisplay.interval) {
        draw(elapsed: MonotonicClock.nanoseconds - start)
      }
    }
    keep(thread)
  }

  private func keep(_ thread: consuming WorkerThread) {
    var thread: WorkerThread? = thread
    state.withLock { $0.thread = thread.take() }
  }

  private func draw(elapsed: Int64) {
    let line = ProgressLine(progress, elapsedNanoseconds: elapsed)
      .text(width: StandardError.width - 1)
    state.withLock { state in
      StandardError.write(ProgressDisplay.clearLine + line)
      state.isDrawn = true
    }
  }

  /// Prints a line that stays, above the progress.
  func print(_ line: String) {
    state.withLock { state in
      StandardError.write((state.isDrawn ? ProgressDisplay.clearLine : "") + line + "\n")
      state.isDrawn = false
    }
  }

  /// Ends the thread and takes the line away. May be called again.
  func finish() throws(CairnError) {
    alarm.ring()
    if let thread = state.withLock({ $0.thread.take() }) { try thread.join() }
    state.withLock { state in
      if state.isDrawn { StandardError.write(ProgressDisplay.clearLine) }
      state.isDrawn = false
    }
  }
}
