import ArgumentParser
import CairnCore
import CairnMaintenance

/// The options of `forget` that say what to keep.
struct RetentionGroup: ParsableArguments {
  @Option(help: ArgumentHelp("The newest so many.", valueName: "n"))
  var keepLast: Int?

  @Option(help: ArgumentHelp("The newest of each of so many hours that have one.", valueName: "n"))
  var keepHourly: Int?

  @Option(help: ArgumentHelp("The newest of each of so many days.", valueName: "n"))
  var keepDaily: Int?

  @Option(help: ArgumentHelp("The newest of each of so many weeks.", valueName: "n"))
  var keepWeekly: Int?

  @Option(help: ArgumentHelp("The newest of each of so many months.", valueName: "n"))
  var keepMonthly: Int?

  @Option(help: ArgumentHelp("The newest of each of so many years.", valueName: "n"))
  var keepYearly: Int?

  @Option(
    help: ArgumentHelp(
      "Those at most this much older than the newest: 12h, 30d, 8w, 2y.", valueName: "span"))
  var keepWithin: String?

  @Option(help: ArgumentHelp("Those with this tag, or these: a,b.", valueName: "tags"))
  var keepTag: [String] = []

  @Option(
    help: ArgumentHelp(
      "What snapshots that compete have in common: host, paths, tags, or none.",
      valueName: "keys"))
  var groupBy = "host,paths"

  func policy() throws(CairnError) -> RetentionPolicy {
    var policy = RetentionPolicy()
    policy.last = try count(keepLast, "--keep-last")
    policy.hourly = try count(keepHourly, "--keep-hourly")
    policy.daily = try count(keepDaily, "--keep-daily")
    policy.weekly = try count(keepWeekly, "--keep-weekly")
    policy.monthly = try count(keepMonthly, "--keep-monthly")
    policy.yearly = try count(keepYearly, "--keep-yearly")
    if let keepWithin { policy.within = try DurationText.parse(keepWithin) }
    policy.tags = keepTag.map { $0.split(separator: ",").map(String.init) }
    // A list without a tag would keep everything.
    guard policy.tags.allSatisfy({ !$0.isEmpty }) else {
      throw CairnError(.usage, "--keep-tag names no tag")
    }
    return policy
  }

  private func count(_ value: Int?, _ name: String) throws(CairnError) -> Int? {
    if let value, value < 0 { throw CairnError(.usage, "\(name) must not be negative") }
    return value
  }

  func groupKeys() throws(CairnError) -> Set<GroupKey> {
    if groupBy == "none" || groupBy.isEmpty { return [] }
    var keys: Set<GroupKey> = []
    for name in groupBy.split(separator: ",") {
      guard let key = GroupKey(rawValue: String(name)) else {
        throw CairnError(.usage, "--group-by knows host, paths, tags and none, not \(name)")
      }
      keys.insert(key)
    }
    return keys
  }
}
