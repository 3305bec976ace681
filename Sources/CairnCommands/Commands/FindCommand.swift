import ArgumentParser
import CairnCore
import CairnFormat
import CairnRepository
import CairnRestore

struct FindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find", abstract: "Find files by name in the snapshots.",
    discussion: """
      A pattern without a slash is compared with names, one with a slash with the end of paths, one \
      with a leading slash with whole paths; * ? [a-z] and ** are wildcards.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup
  @OptionGroup var filter: SnapshotFilterGroup

  @Argument(help: ArgumentHelp("What to look for.", valueName: "pattern"))
  var patterns: [RawText]

  @Option(help: ArgumentHelp("Only in this snapshot; may be repeated.", valueName: "snapshot"))
  var snapshot: [String] = []

  @Flag(name: [.long, .customShort("l")], help: "Show mode, owner, size and time.")
  var long = false

  private struct Match: Encodable {
    var snapshot: String
    var entry: EntryDocument
  }

  private struct Tail: Encodable { var snapshots: Int }

  func run() throws {
    let queries = patterns.compactMap { PathQuery($0.bytes) }
    guard queries.count == patterns.count else { throw CairnError(.usage, "a pattern is empty") }
    let operation = Operation(output)
    var list = JSONList()
    let count = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      let snapshots = try selectedSnapshots(in: open, operation)
      try operation.end()
      for snapshot in snapshots {
        var isFirst = true
        try SnapshotLister.list(snapshot.record, path: nil, recursive: true, in: open) {
          (path, node) throws(CairnError) in
          try operation.cancellation.check()
          let isDirectory = node.type == .directory
          guard queries.contains(where: { $0.matches(path, isDirectory: isDirectory) }) else {
            return
          }
          if output.json {
            try list.append(
              Match(snapshot: snapshot.name.hex, entry: EntryDocument(path, node)))
            return
          }
          if isFirst {
            StandardOutput.line(
              "snapshot \(snapshot.name.short) of \(TimeText.local(snapshot.record.time))")
          }
          isFirst = false
          StandardOutput.write("  " + (long ? EntryText.longPrefix(node) : ""))
          StandardOutput.write(bytes: EntryText.pathBytes(path))
          StandardOutput.line()
        }
      }
      return snapshots.count
    }
    if output.json { try list.write("matches", before: Tail(snapshots: count)) }
  }

  private func selectedSnapshots(
    in open: Repository, _ operation: Operation
  ) throws(CairnError) -> [Snapshot] {
    let contents = try open.loadCatalog(operation)
    var chosen = contents.snapshots
    if !snapshot.isEmpty {
      chosen = []
      for text in snapshot { chosen.append(try contents.resolve(text)) }
    }
    return chosen.filter { filter.accepts($0) }
  }
}
