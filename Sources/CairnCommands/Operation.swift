import CairnCore
import CairnSystem

/// One run of a command that works on a repository: counts its progress, shows it on a terminal,
/// stops it on Ctrl-C, and says on standard error what the user should know meanwhile.
final class Operation: Sendable {
  let progress = Progress()
  let cancellation = Cancellation()
  private let output: OutputOptionsGroup
  private let display: ProgressDisplay?

  init(_ output: OutputOptionsGroup) {
    self.output = output
    display =
      output.json || output.quiet || !StandardError.isTerminal ? nil : ProgressDisplay(progress)
  }

  /// Starts to watch for signals and to show progress. To be called before any other thread
  /// starts, and after the password was asked for.
  func begin() throws(CairnError) {
    _ = try SignalWatcher(requesting: cancellation)
    try display?.start()
  }

  /// Takes the progress line away, before something is printed for good.
  func end() throws(CairnError) {
    try display?.finish()
  }

  /// Runs `body` between ``begin()`` (which opening a repository does) and ``end()``.
  func run<R>(_ body: () throws(CairnError) -> R) throws(CairnError) -> R {
    let result: R
    do throws(CairnError) {
      result = try body()
    } catch {
      try end()
      throw error.code == .interrupted ? Operation.interruption : error
    }
    try end()
    return result
  }

  /// True of every command: a backup or a restore goes on where it was, the others begin anew.
  static let interruption = CairnError(
    .interrupted, "interrupted; nothing that was stored is lost: run it again")

  /// Tells something that needs attention but doesn't stop the work.
  func warn(_ message: String) {
    tell("cairn: warning: \(message)")
  }

  /// A detail that `--verbose` asks for.
  func detail(_ message: @autoclosure () -> String) {
    if output.verbose && !output.json { tell(message()) }
  }

  private func tell(_ line: String) {
    if let display {
      display.print(line)
    } else {
      StandardError.line(line)
    }
  }
}
