import CairnCore
import CairnFormat
import CairnMaintenance
import CairnRepository

/// What `forget` kept and removed, told to people or programs.
struct ForgetText {
  private struct Document: Encodable {
    struct Kept: Encodable {
      var id: String
      var reasons: [String]
    }

    struct Group: Encodable {
      var host: String?
      var paths: [String]?
      var tags: [String]?
      var keep: [Kept]
      var remove: [String]
    }

    var dryRun: Bool
    var groups: [Group]
    var removed: [String]
    var prune: PruneText.Document?
  }

  let isDryRun: Bool
  var groups: [RetentionPlan.Group] = []
  var removed: [Snapshot] = []
  /// What the prune behind it did or would do.
  var prune: PruneText?

  init(isDryRun: Bool) {
    self.isDryRun = isDryRun
  }

  func write(_ output: OutputOptionsGroup) {
    if output.json { return JSONDocument.write(document) }
    if output.quiet { return }
    for line in lines { StandardOutput.line(line) }
  }

  private var document: Document {
    Document(
      dryRun: isDryRun,
      groups: groups.map { group in
        Document.Group(
          host: group.host, paths: group.paths, tags: group.tags,
          keep: group.keep.map {
            Document.Kept(id: $0.snapshot.name.hex, reasons: $0.reasons)
          },
          remove: group.remove.map(\.name.hex))
      }, removed: removed.map(\.name.hex), prune: prune?.document)
  }

  var lines: [String] {
    var lines: [String] = []
    for group in groups {
      if !group.description.isEmpty { lines.append(group.description) }
      var table = TextTable([
        ("", .left), ("id", .left), ("time", .left), ("tags", .left), ("because", .left),
      ])
      table.rows =
        group.keep.map { row("keep", $0.snapshot, $0.reasons.joined(separator: ", ")) }
        + group.remove.map { row("remove", $0, "") }
      lines += table.lines.map { "  " + $0 }
    }
    if groups.isEmpty {
      for snapshot in removed {
        lines.append("\(snapshot.name.short)  \(TimeText.local(snapshot.record.time))")
      }
    }
    let count = NumberText.counted(removed.count, "snapshot")
    lines.append(isDryRun ? "would forget \(count)" : "forgot \(count)")
    if let prune {
      lines.append("")
      lines += prune.lines
    } else if !removed.isEmpty && !isDryRun {
      lines.append("The data that they alone used stays until cairn prune.")
    }
    return lines
  }

  private func row(_ verdict: String, _ snapshot: Snapshot, _ reasons: String) -> [String] {
    [
      verdict, snapshot.name.short, TimeText.local(snapshot.record.time),
      snapshot.record.tags.joined(separator: ","), reasons,
    ]
  }
}
