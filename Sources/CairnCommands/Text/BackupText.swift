import CairnBackup
import CairnCore
import CairnFormat
import CairnRepository
import CairnSystem

/// What a backup did, told to people or programs.
struct BackupText {
  private struct Document: Encodable {
    var snapshot: String?
    var parent: String?
    var dryRun: Bool
    var statistics: SnapshotRecord.Statistics
    var problems: [SnapshotRecord.Problem]
    var notes: [String]
    var damage: [String]
    var seconds: Double
  }

  private let report: BackupReport
  private let isDryRun: Bool

  init(_ report: BackupReport, isDryRun: Bool) {
    self.report = report
    self.isDryRun = isDryRun
  }

  func write(_ output: OutputOptionsGroup) {
    if output.json {
      return JSONDocument.write(
        Document(
          snapshot: report.snapshot?.name.hex, parent: report.parent?.hex, dryRun: isDryRun,
          statistics: report.statistics, problems: report.problems, notes: report.notes,
          damage: report.damage, seconds: Double(report.nanoseconds) / 1e9))
    }
    for damage in report.damage { StandardError.line("cairn: warning: \(damage)") }
    if output.verbose { for note in report.notes { StandardError.line("cairn: note: \(note)") } }
    ProblemText.write(
      report.problems.map { (RawPath($0.path.bytes).displayText, $0.reason) },
      count: Int(clamping: report.statistics.problems), all: output.verbose)
    if !output.quiet { for line in lines { StandardOutput.line(line) } }
  }

  var lines: [String] {
    let statistics = report.statistics
    var summary = SummaryText()
    if let snapshot = report.snapshot {
      summary.add("snapshot", snapshot.name.short)
    } else {
      summary.add("snapshot", "none (dry run)")
    }
    summary.add(
      "files",
      "\(statistics.files): \(statistics.filesNew) new, \(statistics.filesChanged) changed,"
        + " \(statistics.filesUnchanged) unchanged")
    summary.add("folders", "\(statistics.directories)")
    if statistics.others > 0 { summary.add("others", "\(statistics.others)") }
    summary.add("size", SizeText.text(statistics.bytes))
    summary.add("read", SizeText.text(statistics.bytesRead))
    summary.add(
      "new",
      isDryRun
        ? SizeText.text(statistics.bytesNew)
        : "\(SizeText.text(statistics.bytesNew)), \(SizeText.text(statistics.bytesStored)) stored")
    if statistics.problems > 0 {
      summary.add("problems", "\(statistics.problems) (see above); the rest was backed up")
    }
    if !report.notes.isEmpty {
      summary.add("left out", "\(report.notes.count) by rule or kind (--verbose tells)")
    }
    summary.add("time", DurationText.text(nanoseconds: report.nanoseconds))
    return summary.lines
  }
}

/// Lists what could not be done, so that many problems don't bury the summary.
enum ProblemText {
  static let countMax = 20

  static func write(_ problems: [(path: String, reason: String)], count: Int, all: Bool) {
    let shown = all ? problems[...] : problems.prefix(countMax)
    for problem in shown { StandardError.line(line(path: problem.path, reason: problem.reason)) }
    if count > shown.count {
      StandardError.line("cairn: … and \(count - shown.count) more problems")
    }
  }

  /// Reasons often name the path themselves.
  static func line(path: String, reason: String) -> String {
    path.isEmpty || reason.contains(path) ? "cairn: \(reason)" : "cairn: \(path): \(reason)"
  }
}
