/// Which snapshots of a group to keep. A snapshot stays when any rule keeps it.
///
/// Counts: `nil` is no rule, a negative count keeps one of every period there is.
package struct RetentionPolicy: Sendable, Hashable {
  /// So many of the newest.
  package var last: Int?
  /// The newest of each of so many hours, days, weeks (ISO: from Monday on), months and years that
  /// have a snapshot.
  package var hourly: Int?
  package var daily: Int?
  package var weekly: Int?
  package var monthly: Int?
  package var yearly: Int?
  /// All that are at most so many seconds older than the newest of their group. Not than now: a
  /// machine that was off for a year keeps what it had.
  package var within: Int64?
  /// All that carry every tag of any of these lists.
  package var tags: [[String]] = []
  /// Lets a group lose its last snapshot when no rule keeps one.
  package var mayRemoveAll = false

  package init() {}

  /// Whether there is no rule at all; then nothing is removed, and the user should be told.
  package var isEmpty: Bool {
    last == nil && hourly == nil && daily == nil && weekly == nil && monthly == nil
      && yearly == nil && within == nil && tags.isEmpty
  }
}

/// What snapshots have in common to be in one group.
package enum GroupKey: String, Sendable, CaseIterable {
  case host
  case paths
  case tags
}
