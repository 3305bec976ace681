import ArgumentParser
import CairnCore
import CairnRepository
import CairnRestore
import Glibc

struct DumpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Write a file of a snapshot to standard output.")

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  @Argument(help: ArgumentHelp("Id, latest or latest~N; and a path.", valueName: "snapshot:path"))
  var place: SnapshotPath

  @Flag(help: "Write to a terminal, too.")
  var force = false

  func run() throws {
    guard let path = place.path else {
      throw CairnError(.usage, "name a file: cairn dump SNAPSHOT:PATH")
    }
    guard force || !StandardOutput.isTerminal else {
      throw CairnError(
        .usage, "standard output is a terminal: redirect it, or use --force")
    }
    let operation = Operation(output)
    try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      let snapshot = try place.resolve(in: open, operation)
      try Dump.file(
        at: path, of: snapshot.record, in: open, to: STDOUT_FILENO,
        cancellation: operation.cancellation)
    }
  }
}
