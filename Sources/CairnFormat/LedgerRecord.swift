package import CairnCore

/// The list of what a repository's roots should be: its snapshots and key slots. Sealed JSON.
///
/// Every change of the list (backup, forget, key add or remove) writes a new record that names the
/// records it supersedes, then deletes those. Two writers at once leave two records; whoever comes
/// next merges them: present in any and removed in none. So a snapshot or key slot that vanished
/// without a `forget` or `key remove` is noticed, and there is no lock and no order to lose.
package struct LedgerRecord: Hashable, Sendable, Codable {
  package struct Removal: Hashable, Sendable, Codable {
    package var name: ObjectName
    /// Unix seconds.
    package var time: Int64

    package init(name: ObjectName, time: Int64) {
      self.name = name
      self.time = time
    }
  }

  package var version: Int
  /// One more than the highest generation this record supersedes.
  package var generation: UInt64
  package var snapshots: Set<ObjectName>
  package var keys: Set<ObjectName>
  /// Names that were taken off the list on purpose. Kept for ``removalSeconds``: longer than any
  /// other writer can have been working from an older list.
  package var removed: [Removal]
  package var supersedes: [ObjectName]

  /// 90 days.
  package static let removalSeconds: Int64 = 90 * 86_400

  package init(
    generation: UInt64, snapshots: Set<ObjectName>, keys: Set<ObjectName>, removed: [Removal],
    supersedes: [ObjectName]
  ) {
    version = 1
    self.generation = generation
    self.snapshots = snapshots
    self.keys = keys
    self.removed = removed
    self.supersedes = supersedes
  }

  /// What all records together say.
  package static func merged(_ records: [(name: ObjectName, record: LedgerRecord)]) -> LedgerRecord
  {
    var merged = LedgerRecord(
      generation: 0, snapshots: [], keys: [], removed: [], supersedes: records.map(\.name).sorted())
    var removed: [ObjectName: Int64] = [:]
    for (_, record) in records {
      merged.generation = max(merged.generation, record.generation)
      merged.snapshots.formUnion(record.snapshots)
      merged.keys.formUnion(record.keys)
      for removal in record.removed {
        removed[removal.name] = max(removed[removal.name] ?? .min, removal.time)
      }
    }
    merged.snapshots = merged.snapshots.filter { removed[$0] == nil }
    merged.keys = merged.keys.filter { removed[$0] == nil }
    merged.removed =
      removed.map { Removal(name: $0.key, time: $0.value) }.sorted { $0.name < $1.name }
    return merged
  }
}

/// Says that a process works on the repository. Sealed JSON under a random name, written again
/// while the process lives.
package struct LeaseRecord: Hashable, Sendable, Codable {
  package enum Mode: String, Sendable, Codable {
    /// Adds to the repository (backup, forget, key).
    case shared
    /// Deletes from it (prune).
    case exclusive
  }

  package var version: Int
  package var mode: Mode
  package var operation: String
  package var host: String
  /// `/etc/machine-id`, empty where there is none: host names need not be unique.
  package var machineID: String
  /// Boot id and process-number space, and the start time of the process tell a living process from a dead one
  /// with the same number.
  package var bootID: String
  package var processID: Int32
  package var processStart: UInt64
  /// Unix seconds of the start and of the last renewal.
  package var started: Int64
  package var renewed: Int64

  package init(
    mode: Mode, operation: String, host: String, machineID: String, bootID: String,
    processID: Int32,
    processStart: UInt64, started: Int64, renewed: Int64
  ) {
    version = 1
    self.mode = mode
    self.operation = operation
    self.host = host
    self.machineID = machineID
    self.bootID = bootID
    self.processID = processID
    self.processStart = processStart
    self.started = started
    self.renewed = renewed
  }
}
