import ArgumentParser
import CairnCore
import CairnMaintenance
import CairnRepository

struct ForgetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget", abstract: "Remove snapshots, named ones or those no rule keeps.",
    discussion: """
      The data that they alone used stays until cairn prune, or goes at once with --prune. Snapshots compete within a group; the \
      last one of a group is never removed by rules.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup
  @OptionGroup(title: "What to keep") var retention: RetentionGroup
  @OptionGroup(title: "Which to look at") var filter: SnapshotFilterGroup

  @Argument(help: ArgumentHelp("Snapshots to remove: ids, latest or latest~N.", valueName: "id"))
  var snapshots: [String] = []

  @Flag(help: "Free the space of what no snapshot needs any more.")
  var prune = false

  @Option(
    help: ArgumentHelp(
      "With --prune: space that may stay unused, as for cairn prune (default 5%).",
      valueName: "limit"))
  var maxUnused: String?

  @Flag(name: [.long, .customShort("n")], help: "Only tell what would be removed.")
  var dryRun = false

  func run() throws {
    let policy = try retention.policy()
    let keys = try retention.groupKeys()
    guard policy.isEmpty != snapshots.isEmpty else {
      throw CairnError(
        .usage,
        policy.isEmpty
          ? "name snapshots to forget, or what to keep (--keep-last, --keep-daily, …)"
          : "name either snapshots or rules, not both")
    }
    guard prune || maxUnused == nil else {
      throw CairnError(.usage, "--max-unused goes with --prune")
    }
    var options = PruneOptions()
    if let maxUnused { options.maxUnused = try PruneCommand.parseLimit(maxUnused) }
    let operation = Operation(output)
    let text = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      let contents = try open.loadCatalog(operation)
      var text = ForgetText(isDryRun: dryRun)
      if snapshots.isEmpty {
        let plan = RetentionPlan.make(
          snapshots: contents.snapshots.filter { filter.accepts($0) }, policy: policy,
          groupBy: keys)
        text.groups = plan.groups
        text.removed = plan.remove
      } else {
        for name in snapshots {
          let snapshot = try contents.resolve(name)
          if !text.removed.contains(snapshot) { text.removed.append(snapshot) }
        }
      }
      try operation.cancellation.check()
      if !dryRun { try Forget.execute(removing: text.removed, in: open) }
      if prune {
        text.prune = try prune(
          options, without: dryRun ? Set(text.removed.map(\.name)) : [], open, operation)
      }
      return text
    }
    text.write(output)
  }

  /// Prunes, or on a dry run tells what it would free once these were forgotten.
  private func prune(
    _ options: PruneOptions, without forgotten: Set<ObjectName>, _ repository: Repository,
    _ operation: Operation
  ) throws(CairnError) -> PruneText {
    if dryRun {
      return PruneText(
        plan: try Prune.plan(
          options, without: forgotten, in: repository, progress: operation.progress,
          cancellation: operation.cancellation))
    }
    let report = try Prune.execute(
      options, in: repository, progress: operation.progress,
      cancellation: operation.cancellation)
    return PruneText(plan: report.plan, report: report)
  }
}
