internal import CairnCore
internal import CairnFormat
internal import CairnSystem
internal import Synchronization

/// Gathers, from all threads, what could not be read and what was left out. Bounded: after the
/// first thousand it only counts.
final class ProblemLog: Sendable {
  private struct State {
    var problems: [SnapshotRecord.Problem] = []
    var problemCount: UInt64 = 0
    var notes: [String] = []
    var noteCount = 0
  }

  private static let noteCountMax = 100
  private let state = Mutex(State())
  private let progress: Progress

  init(progress: Progress) {
    self.progress = progress
  }

  func report(_ path: [UInt8], _ reason: String) {
    progress.errorCount.add(1)
    state.withLock { state in
      state.problemCount += 1
      if state.problems.count < SnapshotRecord.problemCountMax {
        state.problems.append(SnapshotRecord.Problem(path: path, reason: reason))
      }
    }
  }

  func note(_ path: [UInt8], _ text: String) {
    state.withLock { state in
      state.noteCount += 1
      if state.notes.count < ProblemLog.noteCountMax {
        state.notes.append("\(RawPath(path).displayText): \(text)")
      }
    }
  }

  var problems: [SnapshotRecord.Problem] { state.withLock { $0.problems } }
  var problemCount: UInt64 { state.withLock { $0.problemCount } }

  var notes: [String] {
    state.withLock { state in
      let left = state.noteCount - state.notes.count
      return left > 0 ? state.notes + ["… and \(left) more"] : state.notes
    }
  }
}
