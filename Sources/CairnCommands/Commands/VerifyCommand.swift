import ArgumentParser
import CairnCore
import CairnFormat
import CairnMaintenance
import CairnRepository

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Prove that the repository is whole.",
    discussion: """
      Checks that everything every snapshot needs is there; with --read-data also that every byte \
      stored is what was written. Ends with status 13 when there is damage.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  @Flag(help: "Read and check all data, not only the structure.")
  var readData = false

  private struct Document: Encodable {
    struct Damage: Encodable {
      var object: String
      var snapshot: String?
      var path: ByteText?
      var message: String
    }

    var isSound: Bool
    var readData: Bool
    var snapshots: Int
    var files: Int
    var chunks: Int
    var packs: Int
    var packBytes: UInt64
    var bytesRead: UInt64
    var damageCount: Int
    var damage: [Damage]
    var notes: [String]
    var seconds: Double
  }

  func run() throws {
    let operation = Operation(output)
    let report = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      var options = VerifyOptions()
      options.readsData = readData
      return try Verify.run(
        options, in: open, progress: operation.progress, cancellation: operation.cancellation)
    }
    if output.json { JSONDocument.write(document(report)) } else { write(report) }
    if !report.isSound { throw ExitCode(ExitStatus.damaged.rawValue) }
  }

  private func document(_ report: VerifyReport) -> Document {
    Document(
      isSound: report.isSound, readData: readData, snapshots: report.snapshotCount,
      files: report.fileCount, chunks: report.chunkCount, packs: report.packCount,
      packBytes: report.packByteCount, bytesRead: report.bytesRead,
      damageCount: report.damageCount,
      damage: report.damage.map {
        Document.Damage(
          object: $0.object, snapshot: $0.snapshot?.hex, path: $0.path.map { ByteText($0) },
          message: $0.message)
      }, notes: report.notes, seconds: Double(report.nanoseconds) / 1e9)
  }

  private func write(_ report: VerifyReport) {
    for note in report.notes { StandardError.line("cairn: note: \(note)") }
    ProblemText.write(
      report.damage.map { ("", "damage: \($0.description)") }, count: report.damageCount,
      all: output.verbose)
    if output.quiet { return }
    var summary = SummaryText()
    summary.add("snapshots", "\(report.snapshotCount)")
    summary.add("files", "\(report.fileCount)")
    summary.add("chunks", "\(report.chunkCount)")
    summary.add("packs", "\(report.packCount), \(SizeText.text(report.packByteCount))")
    if readData { summary.add("read", SizeText.text(report.bytesRead)) }
    summary.add("time", DurationText.text(nanoseconds: report.nanoseconds))
    summary.add(
      "result",
      report.isSound
        ? (readData ? "sound: every byte was checked" : "sound: everything needed is there")
        : NumberText.counted(report.damageCount, "damage", "damages") + " found (see above)")
    for line in summary.lines { StandardOutput.line(line) }
  }
}
