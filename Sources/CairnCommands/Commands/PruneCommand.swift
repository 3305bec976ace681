import ArgumentParser
import CairnCore
import CairnMaintenance

struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Free the space of what no snapshot needs.",
    discussion: """
      Packs that nobody needs are deleted; packs that are needed in part are rewritten until at \
      most --max-unused is left over. Being interrupted does no harm.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  @Option(
    help: ArgumentHelp(
      "Space that may stay unused: a share (5%), a size (10GB) or unlimited (default 5%).",
      valueName: "limit"))
  var maxUnused = "5%"

  @Option(help: ArgumentHelp("Rewrite packs of at most this size together.", valueName: "size"))
  var maxRepack: String?

  @Flag(name: [.long, .customShort("n")], help: "Only tell what would be freed.")
  var dryRun = false

  func run() throws {
    var options = PruneOptions()
    options.maxUnused = try PruneCommand.parseLimit(maxUnused)
    if let maxRepack { options.maxRepackByteCount = try SizeText.parse(maxRepack) }
    let operation = Operation(output)
    let text = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      if dryRun {
        return PruneText(
          plan: try Prune.plan(
            options, in: open, progress: operation.progress, cancellation: operation.cancellation))
      }
      let report = try Prune.execute(
        options, in: open, progress: operation.progress, cancellation: operation.cancellation)
      return PruneText(plan: report.plan, report: report)
    }
    text.write(output)
  }

  /// `5%`, `10GB` or `unlimited`.
  static func parseLimit(_ text: String) throws(CairnError) -> PruneOptions.MaxUnused {
    if text == "unlimited" { return .unlimited }
    guard text.hasSuffix("%") else { return .bytes(try SizeText.parse(text)) }
    guard let percent = Double(text.dropLast()), (0...100).contains(percent) else {
      throw CairnError(.usage, "\(text) is not a share from 0% to 100%")
    }
    return .percent(percent)
  }
}
