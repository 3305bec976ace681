internal import Synchronization

/// The packs read most recently, kept open: a restore reads many ranges of the same pack from
/// several threads, and opening costs more than a small read.
final class OpenPacks: Sendable {
  private struct Entry {
    let file: StoredFile
    var lastUse: UInt64
  }

  private struct State {
    var entries: [ObjectKey: Entry] = [:]
    var uses: UInt64 = 0
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// Keeps at most `capacity` files open, besides those still in use by readers.
  init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
  }

  subscript(key: ObjectKey) -> StoredFile? {
    state.withLock { state in
      guard let file = state.entries[key]?.file else { return nil }
      state.uses += 1
      state.entries[key]?.lastUse = state.uses
      return file
    }
  }

  /// Keeps `file`; the one unused for longest makes room.
  func keep(_ file: StoredFile, for key: ObjectKey) {
    state.withLock { state in
      if state.entries[key] == nil, state.entries.count >= capacity,
        let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        state.entries[oldest.key] = nil
      }
      state.uses += 1
      state.entries[key] = Entry(file: file, lastUse: state.uses)
    }
  }

  func drop(_ key: ObjectKey) {
    state.withLock { $0.entries[key] = nil }
  }

  /// Lets go of all of them: the process has run out of descriptors.
  func dropAll() {
    state.withLock { $0.entries.removeAll() }
  }
}
