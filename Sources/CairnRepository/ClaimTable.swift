package import CairnCore
internal import Synchronization

/// The chunks this session has taken on itself to store and that the index doesn't know yet.
///
/// Whoever claims a chunk first stores it; everyone else only refers to it. A session's packs are
/// durable before its snapshot, so a claim is as good as a stored chunk for everything the session
/// writes. One lock per batch of claims, not per chunk.
package final class ClaimTable: Sendable {
  /// Open addressing with linear probing over the ids themselves; an id of zero bits is a free
  /// slot (an HMAC that is all zero doesn't happen).
  private struct Table {
    var slots: [ChunkID]
    var count = 0
    /// Changes when claims were moved to the index: look-ups made before are stale.
    var epoch: UInt64 = 0

    init(capacity: Int) {
      slots = Array(repeating: ChunkID(Digest()), count: capacity)
    }

    /// `true` when `id` was not in the table before.
    mutating func insert(_ id: ChunkID) -> Bool {
      if (count + 1) * 4 > slots.count * 3 { grow() }
      let mask = slots.count - 1
      var slot = Int(truncatingIfNeeded: id.digest.prefixWord) & mask
      while slots[slot] != ClaimTable.free {
        if slots[slot] == id { return false }
        slot = (slot + 1) & mask
      }
      slots[slot] = id
      count += 1
      return true
    }

    func contains(_ id: ChunkID) -> Bool {
      let mask = slots.count - 1
      var slot = Int(truncatingIfNeeded: id.digest.prefixWord) & mask
      while slots[slot] != ClaimTable.free {
        if slots[slot] == id { return true }
        slot = (slot + 1) & mask
      }
      return false
    }

    private mutating func grow() {
      var larger = Table(capacity: slots.count * 2)
      for id in slots where id != ClaimTable.free { _ = larger.insert(id) }
      slots = larger.slots
    }
  }

  private static let free = ChunkID(Digest())
  private static let initialCapacity = 1 << 12
  private let table = Mutex(Table(capacity: ClaimTable.initialCapacity))

  package init() {}

  /// Pass it to ``claim(_:unknown:lookedUpIn:)``: take it before looking ids up in the index.
  package var epoch: UInt64 { table.withLock { $0.epoch } }

  package var count: Int { table.withLock { $0.count } }

  /// Claims those of `ids` whose `unknown` flag is set (the index doesn't have them), and clears
  /// the flag of each that somebody claimed before. `false`, with nothing claimed, when claims
  /// have moved to the index since `epoch`: then look up again.
  package func claim(
    _ ids: UnsafeBufferPointer<ChunkID>, unknown: UnsafeMutableBufferPointer<Bool>,
    lookedUpIn epoch: UInt64
  ) -> Bool {
    precondition(ids.count == unknown.count)
    return table.withLock { table in
      guard table.epoch == epoch else { return false }
      for index in ids.indices where unknown[index] {
        unknown[index] = table.insert(ids[index])
      }
      return true
    }
  }

  package func contains(_ id: ChunkID) -> Bool {
    table.withLock { $0.contains(id) }
  }

  /// Forgets claims the index has taken over.
  package func remove(_ ids: some Sequence<ChunkID>) {
    table.withLock { table in
      let gone = Set(ids)
      var kept = Table(capacity: ClaimTable.initialCapacity)
      for id in table.slots where id != ClaimTable.free && !gone.contains(id) {
        _ = kept.insert(id)
      }
      table.slots = kept.slots
      table.count = kept.count
      table.epoch += 1
    }
  }
}
