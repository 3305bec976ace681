import ArgumentParser
import CairnCore
import CairnRepository

struct SnapshotsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshots", abstract: "List the snapshots, oldest first.")

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup
  @OptionGroup var filter: SnapshotFilterGroup

  private struct Document: Encodable {
    var snapshots: [SnapshotDocument]
    var damage: [String]
  }

  func run() throws {
    let operation = Operation(output)
    let contents = try operation.run { () throws(CairnError) in
      try repository.open(for: operation).loadCatalog(operation)
    }
    write(contents)
    // The list isn't all there is; what is missing was told.
    if !contents.damage.isEmpty { throw ExitCode(ExitStatus.damaged.rawValue) }
  }

  private func write(_ contents: SnapshotCatalog.Contents) {
    let snapshots = contents.snapshots.filter { filter.accepts($0) }
    if output.json {
      JSONDocument.write(
        Document(
          snapshots: snapshots.map { SnapshotDocument($0) }, damage: contents.damage.map(\.message))
      )
      return
    }
    if snapshots.isEmpty {
      if !output.quiet { StandardError.line("cairn: no snapshots") }
      return
    }
    var table = SnapshotRow.table
    table.rows = snapshots.map { SnapshotRow.cells($0) }
    for line in table.lines { StandardOutput.line(line) }
  }
}

extension Repository {
  /// The snapshots; says what is wrong with those that can't be read.
  func loadCatalog(_ operation: Operation) throws(CairnError) -> SnapshotCatalog.Contents {
    let contents = try catalog.load()
    for damage in contents.damage { operation.warn(damage.message) }
    return contents
  }
}
