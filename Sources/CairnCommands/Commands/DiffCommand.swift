import ArgumentParser
import CairnCore
import CairnFormat
import CairnRepository
import CairnRestore

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show what changed from one snapshot to another.",
    discussion: """
      + added, - removed, M content changed, U only metadata changed, T became something else.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  @Argument(
    help: ArgumentHelp("The older one; and a path to compare.", valueName: "snapshot[:path]"))
  var old: SnapshotPath

  @Argument(help: ArgumentHelp("The newer one.", valueName: "snapshot"))
  var new: SnapshotPath

  private struct Change: Encodable {
    var path: ByteText
    var kind: String
    var oldSize: UInt64?
    var newSize: UInt64?

    init(_ change: SnapshotDiff.Change) {
      path = ByteText(change.path)
      kind = change.kind.rawValue
      oldSize = change.old.map { EntryText.size($0) }
      newSize = change.new.map { EntryText.size($0) }
    }
  }

  private struct Tail: Encodable {
    struct Summary: Encodable {
      var added: Int
      var removed: Int
      var modified: Int
      var metadata: Int
      var type: Int
      var bytesAdded: UInt64
      var bytesRemoved: UInt64
    }

    var new: String
    var old: String
    var summary: Summary
  }

  func run() throws {
    guard new.path == nil || new.path == old.path else {
      throw CairnError(.usage, "both snapshots are compared at the path of the first")
    }
    let operation = Operation(output)
    var list = JSONList()
    let (a, b, summary) = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      let contents = try open.loadCatalog(operation)
      let a = try contents.resolve(old.snapshot)
      let b = try contents.resolve(new.snapshot)
      try operation.end()
      let summary = try SnapshotDiff.compare(a.record, b.record, path: old.path, in: open) {
        (change) throws(CairnError) in
        try operation.cancellation.check()
        if output.json {
          try list.append(Change(change))
        } else if !output.quiet {
          StandardOutput.write(change.kind.mark + "  ")
          StandardOutput.write(bytes: EntryText.pathBytes(change.path))
          StandardOutput.line()
        }
      }
      return (a, b, summary)
    }
    if output.json {
      try list.write(
        "changes",
        before: Tail(
          new: b.name.hex, old: a.name.hex,
          summary: Tail.Summary(
            added: summary.added, removed: summary.removed, modified: summary.modified,
            metadata: summary.metadata, type: summary.type, bytesAdded: summary.bytesAdded,
            bytesRemoved: summary.bytesRemoved)))
    } else if !output.quiet {
      StandardOutput.line(
        "\(summary.added) added, \(summary.removed) removed, \(summary.modified) changed,"
          + " \(summary.metadata) with other metadata, \(summary.type) of another type;"
          + " +\(SizeText.text(summary.bytesAdded)) -\(SizeText.text(summary.bytesRemoved))")
    }
  }
}

extension SnapshotDiff.Change.Kind {
  /// The letter in front of the path.
  var mark: String {
    switch self {
    case .added: "+"
    case .removed: "-"
    case .modified: "M"
    case .metadata: "U"
    case .type: "T"
    }
  }
}
