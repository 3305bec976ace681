package import CairnCore
package import CairnFormat
internal import CairnObjectStore

/// Reads and advances the list of what a repository's roots should be; see ``LedgerRecord``.
package struct Ledger: Sendable {
  /// What the records in the store say together.
  package struct State: Sendable {
    package var records: [ObjectName]
    package var merged: LedgerRecord
    package var damage: [CairnError]

    package var generation: UInt64 { merged.generation }

    /// Stands for this state in a snapshot: the record's name, or, after writers crossed, the
    /// least of them.
    package var head: ObjectName? { records.min() }

    package func isRemoved(_ name: ObjectName) -> Bool {
      merged.removed.contains { $0.name == name }
    }
  }

  package let vault: ObjectVault

  package init(vault: ObjectVault) {
    self.vault = vault
  }

  /// A record that vanishes between listing and reading was superseded: then the list is read
  /// again.
  package func load() throws(CairnError) -> State {
    for _ in 0..<64 {
      if let state = try attemptLoad() { return state }
    }
    throw CairnError(.busy, "the list of snapshots keeps changing; try again")
  }

  private func attemptLoad() throws(CairnError) -> State? {
    var records: [(name: ObjectName, record: LedgerRecord)] = []
    var damage: [CairnError] = []
    for (key, _) in try vault.store.list(.ledger) {
      guard let name = key.objectName else { continue }
      do throws(CairnError) {
        let bytes = try vault.read(key, kind: .ledger)
        let record = try JSONRecord.decode(LedgerRecord.self, from: bytes, what: key.path)
        guard record.version == 1 else {
          throw CairnError(
            .unsupported, "\(key.path) is of a version this program doesn't know")
        }
        records.append((name, record))
      } catch  where error.code == .notFound {
        return nil
      } catch  where error.code == .damaged {
        damage.append(error)
      }
    }
    return State(
      records: records.map(\.name), merged: LedgerRecord.merged(records), damage: damage)
  }

  /// Writes the next record: the present list with these additions and removals, and deletes the
  /// records it supersedes.
  package func advance(
    from state: State, addingSnapshots: some Sequence<ObjectName> = [],
    addingKeys: some Sequence<ObjectName> = [], removing: some Sequence<ObjectName> = [],
    now: Timestamp
  ) throws(CairnError) {
    var record = state.merged
    record.generation += 1
    record.snapshots.formUnion(addingSnapshots)
    record.keys.formUnion(addingKeys)
    record.removed.removeAll { $0.time < now.seconds - LedgerRecord.removalSeconds }
    for name in removing {
      record.snapshots.remove(name)
      record.keys.remove(name)
      record.removed.removeAll { $0.name == name }
      record.removed.append(LedgerRecord.Removal(name: name, time: now.seconds))
    }
    record.supersedes = state.records.sorted()
    _ = try vault.write(try JSONRecord.encode(record), to: .ledger, kind: .ledger)
    for name in state.records { try vault.store.delete(ObjectKey(.ledger, name)) }
  }
}
