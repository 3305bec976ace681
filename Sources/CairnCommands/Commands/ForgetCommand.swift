import ArgumentParser
import CairnCore
import CairnMaintenance
import CairnRepository

struct ForgetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget", abstract: "Remove snapshots, named ones or those no rule keeps.",
    discussion: """
      The data that they alone used stays until cairn prune. Snapshots compete within a group; the \
      last one of a group is never removed by rules.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup
  @OptionGroup(title: "What to keep") var retention: RetentionGroup
  @OptionGroup(title: "Which to look at") var filter: SnapshotFilterGroup

  @Argument(help: ArgumentHelp("Snapshots to remove: ids, latest or latest~N.", valueName: "id"))
  var snapshots: [String] = []

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
      return text
    }
    text.write(output)
  }
}
