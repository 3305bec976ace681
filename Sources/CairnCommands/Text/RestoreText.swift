import CairnCore
import CairnFormat
import CairnRestore
import CairnSystem

/// What a restore did, told to people or programs.
struct RestoreText {
  private struct Document: Encodable {
    struct Problem: Encodable {
      var path: String
      var reason: String
    }

    struct Action: Encodable {
      var action: String
      var path: ByteText
    }

    var dryRun: Bool
    var filesWritten: Int
    var filesUpdated: Int
    var filesUnchanged: Int
    var directories: Int
    var links: Int
    var specials: Int
    var deleted: Int
    var bytesWritten: UInt64
    var bytesUnchanged: UInt64
    var problemCount: Int
    var problems: [Problem]
    var isDamaged: Bool
    var notes: [String]
    var actions: [Action]?
    var seconds: Double
  }

  private let report: RestoreReport
  private let isDryRun: Bool

  init(_ report: RestoreReport, isDryRun: Bool) {
    self.report = report
    self.isDryRun = isDryRun
  }

  func write(_ output: OutputOptionsGroup) {
    if output.json { return JSONDocument.write(document) }
    if isDryRun && !output.quiet {
      let shown = report.actions.filter { output.verbose || $0.verb != .unchanged }
      for action in shown {
        StandardOutput.line("\(action.verb.rawValue)  \(action.path.displayText)")
      }
    }
    for note in report.notes { StandardError.line("cairn: note: \(note)") }
    ProblemText.write(
      report.problems.map { ($0.path, $0.reason) }, count: report.problemCount,
      all: output.verbose)
    if !output.quiet { for line in lines { StandardOutput.line(line) } }
  }

  private var document: Document {
    Document(
      dryRun: isDryRun, filesWritten: report.filesWritten, filesUpdated: report.filesUpdated,
      filesUnchanged: report.filesUnchanged, directories: report.directories, links: report.links,
      specials: report.specials, deleted: report.deleted, bytesWritten: report.bytesWritten,
      bytesUnchanged: report.bytesUnchanged, problemCount: report.problemCount,
      problems: report.problems.map { Document.Problem(path: $0.path, reason: $0.reason) },
      isDamaged: report.isDamaged, notes: report.notes,
      actions: isDryRun
        ? report.actions.map {
          Document.Action(action: $0.verb.rawValue, path: ByteText($0.path.bytes))
        } : nil,
      seconds: Double(report.nanoseconds) / 1e9)
  }

  var lines: [String] {
    var summary = SummaryText()
    summary.add(
      isDryRun ? "would restore" : "files",
      "\(report.filesWritten) new, \(report.filesUpdated) updated,"
        + " \(report.filesUnchanged) unchanged")
    summary.add("folders", "\(report.directories)")
    if report.links > 0 { summary.add("links", "\(report.links)") }
    if report.specials > 0 { summary.add("others", "\(report.specials)") }
    if report.deleted > 0 { summary.add("deleted", "\(report.deleted)") }
    summary.add("written", SizeText.text(report.bytesWritten))
    if report.bytesUnchanged > 0 { summary.add("in place", SizeText.text(report.bytesUnchanged)) }
    if report.problemCount > 0 { summary.add("problems", "\(report.problemCount) (see above)") }
    summary.add("time", DurationText.text(nanoseconds: report.nanoseconds))
    return summary.lines
  }
}
