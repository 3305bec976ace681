import ArgumentParser
import CairnCore
import CairnFormat
import CairnRepository
import CairnRestore

struct LsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List what a snapshot holds.")

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  @Argument(help: ArgumentHelp("Id, latest or latest~N; and a path.", valueName: "snapshot[:path]"))
  var place: SnapshotPath

  @Flag(name: [.long, .customShort("l")], help: "Show mode, owner, size and time.")
  var long = false

  @Flag(name: [.long, .customShort("R")], help: "Go into folders.")
  var recursive = false

  private struct Tail: Encodable { var snapshot: String }

  func run() throws {
    let operation = Operation(output)
    var list = JSONList()
    let snapshot = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      let snapshot = try place.resolve(in: open, operation)
      try operation.end()
      try SnapshotLister.list(
        snapshot.record, path: place.path, recursive: recursive, in: open
      ) { (path, node) throws(CairnError) in
        try operation.cancellation.check()
        if output.json {
          try list.append(EntryDocument(path, node))
        } else {
          write(path, node)
        }
      }
      return snapshot
    }
    if output.json { try list.write("entries", before: Tail(snapshot: snapshot.name.hex)) }
  }

  private func write(_ path: [UInt8], _ node: Node) {
    if long { StandardOutput.write(EntryText.longPrefix(node)) }
    StandardOutput.write(bytes: EntryText.pathBytes(path))
    if long, node.type == .symlink {
      StandardOutput.write(" -> ")
      StandardOutput.write(bytes: EntryText.pathBytes(node.linkTarget))
    }
    StandardOutput.line()
  }
}
