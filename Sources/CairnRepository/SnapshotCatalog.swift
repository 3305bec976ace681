package import CairnCore
package import CairnFormat
internal import CairnObjectStore

/// A snapshot with its id.
package struct Snapshot: Sendable, Hashable {
  package let name: ObjectName
  package let record: SnapshotRecord

  package init(name: ObjectName, record: SnapshotRecord) {
    self.name = name
    self.record = record
  }
}

/// The snapshots of a repository, and how people name them.
package struct SnapshotCatalog: Sendable {
  package struct Contents: Sendable {
    /// Oldest first.
    package var snapshots: [Snapshot]
    /// What is wrong with those that can't be read or are missing, one sentence each.
    package var damage: [CairnError]
    package var ledger: Ledger.State
  }

  package let vault: ObjectVault

  package init(vault: ObjectVault) {
    self.vault = vault
  }

  /// Reads all snapshots. One that was forgotten, but whose object is still there (the program was
  /// stopped in between), doesn't count; one the ledger doesn't know yet does.
  package func load() throws(CairnError) -> Contents {
    let ledger = try Ledger(vault: vault).load()
    var contents = Contents(snapshots: [], damage: ledger.damage, ledger: ledger)
    let removed = Set(ledger.merged.removed.map(\.name))
    var present: Set<ObjectName> = []
    for (key, _) in try vault.store.list(.snapshots) {
      guard let name = key.objectName else { continue }
      present.insert(name)
      if removed.contains(name) { continue }
      do {
        contents.snapshots.append(Snapshot(name: name, record: try read(name)))
      } catch  where error.code == .damaged {
        contents.damage.append(error)
      } catch  where error.code == .notFound {
        present.remove(name)
      }
    }
    let missing = ledger.merged.snapshots.subtracting(present)
    // Forgotten, perhaps, since the ledger was read.
    let later = missing.isEmpty ? ledger : try Ledger(vault: vault).load()
    for missing in missing.sorted() where !later.isRemoved(missing) {
      contents.damage.append(
        CairnError.damaged(
          "\(ObjectKey(.snapshots, missing).path) is missing, though nobody forgot it"))
    }
    for snapshot in contents.snapshots where snapshot.record.generation > later.generation + 1 {
      // Its writer saw a newer list than there is now. (One more is a writer stopped in between.)
      contents.damage.append(
        CairnError.damaged(
          "ledger: the list of snapshots is older than snapshot \(snapshot.name)"
            + " and may have been put back"))
    }
    if ledger.records.isEmpty && ledger.damage.isEmpty {
      contents.damage.append(CairnError.damaged("ledger: the list of snapshots is missing"))
    }
    contents.snapshots.sort {
      ($0.record.time, $0.name) < ($1.record.time, $1.name)
    }
    return contents
  }

  package func read(_ name: ObjectName) throws(CairnError) -> SnapshotRecord {
    let key = ObjectKey(.snapshots, name)
    let record = try JSONRecord.decode(
      SnapshotRecord.self, from: try vault.read(key, kind: .snapshot), what: key.path)
    guard record.version == 1 else {
      throw CairnError(.unsupported, "\(key.path) is of a version this program doesn't know")
    }
    return record
  }
}

extension SnapshotCatalog.Contents {
  /// Finds what a person means by `text`: a prefix of an id, `latest`, or `latest~N` for the N-th
  /// before the latest. `notFound` or `usage` (ambiguous) otherwise, and
  /// `damaged` when `latest` is asked for and a snapshot is missing or can't be read.
  package func resolve(_ text: String) throws(CairnError) -> Snapshot {
    if text == "latest" || text.hasPrefix("latest~") {
      if let first = damage.first {
        // The newest of what is left may be older than what the person means.
        throw CairnError.damaged(
          "\(first.message); \(text) is uncertain, so name a snapshot by its id")
      }
      let distance = text == "latest" ? 0 : Int(text.dropFirst("latest~".count)) ?? -1
      guard distance >= 0 else {
        throw CairnError(.usage, "\(text) names no snapshot; latest~1 is the one before the latest")
      }
      guard distance < snapshots.count else {
        throw CairnError(
          .notFound,
          snapshots.isEmpty
            ? "the repository holds no snapshot"
            : "there is no snapshot \(text): the repository holds \(snapshots.count)")
      }
      return snapshots[snapshots.count - 1 - distance]
    }
    let matches = snapshots.filter { $0.name.hex.hasPrefix(text.lowercased()) }
    guard let match = matches.first, !text.isEmpty else {
      throw CairnError(.notFound, "no snapshot has an id that begins with \(text)")
    }
    guard matches.count == 1 else {
      throw CairnError(.usage, "\(matches.count) snapshots have ids that begin with \(text)")
    }
    return match
  }
}
