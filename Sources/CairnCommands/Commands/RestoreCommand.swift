import ArgumentParser
import CairnCore
import CairnRepository
import CairnRestore
import CairnSystem

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Restore a snapshot, or a part of one, into a folder.",
    discussion: """
      Without a path the original paths are made below the target; with one, its content lands in \
      the target itself. Files that have the right content already are left alone, so an \
      interrupted restore continues where it was.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  @Argument(help: ArgumentHelp("Id, latest or latest~N; and a path.", valueName: "snapshot[:path]"))
  var place: SnapshotPath

  @Option(
    name: [.long, .customShort("t")],
    help: ArgumentHelp("Folder everything lands in; made when missing.", valueName: "folder"))
  var target: RawText

  @Option(help: ArgumentHelp("Only what matches, or lies below.", valueName: "pattern"))
  var include: [RawText] = []

  @Option(help: ArgumentHelp("Not what matches.", valueName: "pattern"))
  var exclude: [RawText] = []

  @Flag(name: [.long, .customShort("n")], help: "Only tell what would be done.")
  var dryRun = false

  @Flag(help: "Delete what the snapshot doesn't have, in the folders that are restored.")
  var delete = false

  @Flag(help: "Restore owners by number even where their names exist here.")
  var numericIds = false

  func run() throws {
    guard !target.bytes.isEmpty else { throw CairnError(.usage, "the target is empty") }
    let operation = Operation(output)
    let working = try ProcessEnvironment.workingDirectory()
    var options = RestoreOptions(target: target.absolutePath(workingDirectory: working))
    options.filter = PathFilter(
      excludeBytes: exclude.map(\.bytes), includeBytes: include.map(\.bytes))
    options.deletesExtra = delete
    options.isDryRun = dryRun
    options.usesNumericIDs = numericIds
    if output.verbose && !dryRun {
      options.onAction = { action in
        operation.detail("\(action.verb.rawValue) \(action.path.displayText)")
      }
    }
    let report = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      let snapshot = try place.resolve(in: open, operation)
      return try Restore.run(
        snapshot: snapshot.record, path: place.path, options, in: open,
        progress: operation.progress, cancellation: operation.cancellation)
    }
    RestoreText(report, isDryRun: dryRun).write(output)
    if report.isDamaged { throw ExitCode(ExitStatus.damaged.rawValue) }
    if report.problemCount > 0 { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
