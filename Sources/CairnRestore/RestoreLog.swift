internal import CairnCore
internal import CairnFormat
internal import CairnSystem
internal import Synchronization

/// What has been done so far, counted and told by all threads.
final class RestoreLog: Sendable {
  enum Count: Int, CaseIterable {
    case filesWritten, filesUpdated, filesUnchanged, directories, links, specials, deleted
    case bytesWritten, bytesUnchanged
    /// Entries whose owner could not be given.
    case foreignOwners
  }

  private struct State {
    var report = RestoreReport()
  }

  private let counts: [CountCell]
  private let state = Mutex(State())
  private let listsActions: Bool
  private let onAction: (@Sendable (PlannedAction) -> Void)?
  let progress: Progress

  private final class CountCell: Sendable {
    let value = Atomic<Int>(0)
  }

  init(_ options: RestoreOptions, progress: Progress) {
    counts = Count.allCases.map { _ in CountCell() }
    listsActions = options.isDryRun
    onAction = options.onAction
    self.progress = progress
  }

  @inline(__always)
  func add(_ count: Count, _ amount: Int = 1) {
    counts[count.rawValue].value.add(amount)
  }

  /// Whether anybody wants to know of actions; saves building paths.
  var tellsActions: Bool { listsActions || onAction != nil }

  func tell(_ verb: PlannedAction.Verb, _ path: @autoclosure () -> RawPath) {
    guard tellsActions else { return }
    let action = PlannedAction(verb: verb, path: path())
    state.withLock { state in
      state.report.actionCount += 1
      if listsActions, state.report.actions.count < RestoreReport.listCountMax {
        state.report.actions.append(action)
      }
      onAction?(action)
    }
  }

  /// Notes that `path` could not be restored, or not wholly.
  func note(_ error: CairnError, at path: RawPath) {
    progress.errorCount.add(1)
    state.withLock { state in
      state.report.problemCount += 1
      if error.code == .damaged { state.report.isDamaged = true }
      if state.report.problems.count < RestoreReport.listCountMax {
        state.report.problems.append(
          RestoreReport.Problem(path: path.displayText, reason: error.message))
      }
    }
  }

  /// What the counters say, as a report; threads have ended.
  func finish(nanoseconds: Int64) -> RestoreReport {
    func value(_ count: Count) -> Int { counts[count.rawValue].value.value }
    var report = state.withLock { $0.report }
    report.filesWritten = value(.filesWritten)
    report.filesUpdated = value(.filesUpdated)
    report.filesUnchanged = value(.filesUnchanged)
    report.directories = value(.directories)
    report.links = value(.links)
    report.specials = value(.specials)
    report.deleted = value(.deleted)
    report.bytesWritten = UInt64(value(.bytesWritten))
    report.bytesUnchanged = UInt64(value(.bytesUnchanged))
    report.problems.sort { $0.path < $1.path }
    report.actions.sort { $0.path < $1.path }
    let foreign = value(.foreignOwners)
    if foreign > 0 {
      report.notes.append(
        "the owners of \(foreign) entries were not restored: that takes root")
    }
    report.nanoseconds = nanoseconds
    return report
  }
}

extension CairnError {
  /// Whether there is no point in going on with the next file: the target is full, the user
  /// stopped it, descriptors have run out.
  var endsRestore: Bool {
    code == .outOfSpace || code == .interrupted || errno == Errno.tooManyOpenFiles
  }

  /// Whether stored bytes are at fault, so that another copy may help.
  var isStoreDamage: Bool {
    code == .damaged || code == .notFound || errno == CairnError.inputOutput
  }

  /// `EIO`: a medium that can't be read any more.
  private static let inputOutput: Int32 = 5
}
