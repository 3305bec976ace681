internal import CairnCore
internal import CairnFormat
package import CairnRepository

/// What a policy keeps and removes, group by group. A pure function of the snapshots.
package struct RetentionPlan: Sendable {
  package struct Kept: Sendable {
    package let snapshot: Snapshot
    /// The rules that keep it, such as `daily`; never empty.
    package let reasons: [String]
  }

  package struct Group: Sendable {
    /// What the snapshots have in common; `nil` for what they weren't grouped by.
    package let host: String?
    package let paths: [String]?
    package let tags: [String]?
    /// Newest first.
    package fileprivate(set) var keep: [Kept] = []
    package fileprivate(set) var remove: [Snapshot] = []

    /// For people; empty when all snapshots are in one group.
    package var description: String {
      var parts: [String] = []
      if let host { parts.append("host \(host)") }
      if let paths { parts.append("paths \(paths.joined(separator: ", "))") }
      if let tags { parts.append("tags \(tags.isEmpty ? "none" : tags.joined(separator: ", "))") }
      return parts.joined(separator: "; ")
    }
  }

  /// Ordered by what the snapshots have in common.
  package private(set) var groups: [Group]

  package var remove: [Snapshot] { groups.flatMap(\.remove) }
  package var keepCount: Int { groups.reduce(0) { $0 + $1.keep.count } }

  /// Applies a policy to each group of snapshots. Snapshots with unread sources count like others.
  package static func make(
    snapshots: [Snapshot], policy: RetentionPolicy, groupBy keys: Set<GroupKey> = [.host, .paths],
    calendar: LocalCalendar = .system
  ) -> RetentionPlan {
    var members: [[String?]: [Snapshot]] = [:]
    for snapshot in snapshots {
      members[RetentionPlan.identity(of: snapshot, keys), default: []].append(snapshot)
    }
    let groups = members.sorted { a, b in
      a.key.lexicographicallyPrecedes(b.key) { ($0 ?? "") < ($1 ?? "") }
    }
    return RetentionPlan(
      groups: groups.map { apply(policy, to: $0.value, groupedBy: keys, calendar) })
  }

  /// What snapshots of a group agree in. Lists are sorted: the order in which paths were given
  /// doesn't matter.
  private static func identity(of snapshot: Snapshot, _ keys: Set<GroupKey>) -> [String?] {
    let record = snapshot.record
    func joined(_ parts: [String]) -> String { parts.sorted().joined(separator: "\0") }
    return [
      keys.contains(.host) ? record.host : nil,
      // Paths that aren't text compare by their bytes.
      keys.contains(.paths)
        ? joined(record.paths.map { $0.bytes.map { String($0) }.joined(separator: " ") }) : nil,
      keys.contains(.tags) ? joined(record.tags) : nil,
    ]
  }

  private static func apply(
    _ policy: RetentionPolicy, to members: [Snapshot], groupedBy keys: Set<GroupKey>,
    _ calendar: LocalCalendar
  ) -> Group {
    let newestFirst = members.sorted {
      ($0.record.time, $0.name) > ($1.record.time, $1.name)
    }
    let newest = newestFirst[0]
    var group = Group(
      host: keys.contains(.host) ? newest.record.host : nil,
      paths: keys.contains(.paths)
        ? newest.record.paths.map { String(decoding: $0.bytes, as: UTF8.self) }.sorted() : nil,
      tags: keys.contains(.tags) ? newest.record.tags.sorted() : nil)
    var rules = policy.periodRules(calendar)
    for snapshot in newestFirst {
      var reasons: [String] = []
      if policy.isEmpty { reasons.append("no rule") }
      for index in rules.indices where rules[index].keeps(snapshot) {
        reasons.append(rules[index].name)
      }
      if let within = policy.within,
        snapshot.record.time.seconds >= newest.record.time.seconds - within
      {
        reasons.append("within")
      }
      for tags in policy.tags where tags.allSatisfy(snapshot.record.tags.contains) {
        reasons.append("tags \(tags.joined(separator: ","))")
      }
      if reasons.isEmpty {
        group.remove.append(snapshot)
      } else {
        group.keep.append(Kept(snapshot: snapshot, reasons: reasons))
      }
    }
    if group.keep.isEmpty && !policy.mayRemoveAll {
      group.remove.removeFirst()
      group.keep = [Kept(snapshot: newest, reasons: ["last of its group"])]
    }
    return group
  }
}

/// Keeps the newest snapshot of each of so many periods; asked about snapshots newest first.
private struct PeriodRule {
  let name: String
  /// Number of the period a snapshot is in; `nil`: each snapshot is a period of its own.
  let period: LocalCalendar.Period?
  let calendar: LocalCalendar
  /// Periods still to be kept.
  var remaining: Int
  var lastNumber: Int64?

  mutating func keeps(_ snapshot: Snapshot) -> Bool {
    guard remaining > 0 else { return false }
    if let period {
      let number = calendar.number(of: period, at: snapshot.record.time)
      if number == lastNumber { return false }
      lastNumber = number
    }
    remaining -= 1
    return true
  }
}

extension RetentionPolicy {
  fileprivate func periodRules(_ calendar: LocalCalendar) -> [PeriodRule] {
    let counts: [(String, LocalCalendar.Period?, Int?)] = [
      ("last", nil, last), ("hourly", .hour, hourly), ("daily", .day, daily),
      ("weekly", .week, weekly), ("monthly", .month, monthly), ("yearly", .year, yearly),
    ]
    return counts.compactMap { (name, period, count) in
      count.map { count in
        PeriodRule(
          name: name, period: period, calendar: calendar, remaining: count < 0 ? .max : count)
      }
    }
  }
}
