package import CairnCore
internal import CairnFormat
internal import CairnObjectStore
package import CairnRepository

/// Takes snapshots off the list. The data they alone used stays until a prune.
package enum Forget {
  /// Removes snapshots: first from the ledger, which is what decides, then their objects. Stopped
  /// in between, the objects that are left count for nothing and the next prune deletes them.
  ///
  /// Takes a shared lease: `busy` while a prune runs.
  package static func execute(
    removing snapshots: [Snapshot], in repository: Repository
  ) throws(CairnError) {
    if snapshots.isEmpty { return }
    try Lease.hold(.shared, for: "forget", in: repository) { (lease) throws(CairnError) in
      let ledger = repository.ledger
      let state = try ledger.load()
      if let damage = state.damage.first { throw damage }
      try lease.check()
      let names = snapshots.map(\.name)
      try ledger.advance(from: state, removing: names, now: repository.clock.now)
      for name in names { try repository.store.delete(ObjectKey(.snapshots, name)) }
    }
  }
}
