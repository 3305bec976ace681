internal import CairnCore
internal import CairnSystem
internal import Glibc
internal import Synchronization

/// Something that is open now and then: a directory or a file of the target.
class DescriptorOwner: @unchecked Sendable {
  // Unchecked: the slot is touched only under the cache's lock; what subclasses add has its own
  // rules.
  fileprivate final var slot = -1
}

/// Descriptors kept open beyond one use; the ones unused for longest are closed to make room. For
/// any number of threads.
final class DescriptorCache: Sendable {
  private struct Slot {
    var number: Int32
    var userCount: Int
    /// Neighbours in the list of those without users, most recently used first; -1 for none.
    var previous = -1
    var next = -1
    unowned(unsafe) var owner: DescriptorOwner?
  }

  private struct State {
    var slots: [Slot] = []
    var free: [Int] = []
    var first = -1
    var last = -1
    var openCount = 0
  }

  private let state = Mutex(State())
  private let capacity: Int

  init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
  }

  deinit {
    // After a failure descriptors are left that nobody finished.
    state.withLock { state in
      for slot in state.slots where slot.owner != nil { _ = Glibc.close(slot.number) }
    }
  }

  /// How many descriptors two caches may keep open each, leaving as many for everything else.
  static var capacityForProcess: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 64 }
    return max(8, min(1024, Int(clamping: limit.rlim_cur) / 4))
  }

  /// The owner's descriptor if it is open; it stays so until ``release(_:)``.
  func acquire(_ owner: DescriptorOwner) -> Int32? {
    state.withLock { state in
      guard owner.slot >= 0 else { return nil }
      if state.slots[owner.slot].userCount == 0 { DescriptorCache.unlink(owner.slot, &state) }
      state.slots[owner.slot].userCount += 1
      return state.slots[owner.slot].number
    }
  }

  /// Takes over a descriptor just opened, in use once, and returns it. When another thread was
  /// faster, that one's is returned and this one closed.
  func insert(_ descriptor: consuming FileDescriptor, for owner: DescriptorOwner) -> Int32 {
    let number = descriptor.release()
    let (kept, closing) = state.withLock { state -> (Int32, Int32?) in
      if owner.slot >= 0 {
        if state.slots[owner.slot].userCount == 0 { DescriptorCache.unlink(owner.slot, &state) }
        state.slots[owner.slot].userCount += 1
        return (state.slots[owner.slot].number, number)
      }
      var closing: Int32?
      if state.openCount >= capacity, state.last >= 0 {
        closing = DescriptorCache.remove(state.last, &state)
      }
      let slot = Slot(number: number, userCount: 1, owner: owner)
      if let free = state.free.popLast() {
        state.slots[free] = slot
        owner.slot = free
      } else {
        state.slots.append(slot)
        owner.slot = state.slots.count - 1
      }
      state.openCount += 1
      return (number, closing)
    }
    if let closing { _ = Glibc.close(closing) }
    return kept
  }

  /// Ends one use.
  func release(_ owner: DescriptorOwner) {
    let closing = state.withLock { state -> Int32? in
      let slot = owner.slot
      precondition(slot >= 0 && state.slots[slot].userCount > 0, "released more than acquired")
      state.slots[slot].userCount -= 1
      guard state.slots[slot].userCount == 0 else { return nil }
      if state.openCount > capacity { return DescriptorCache.remove(slot, &state) }
      state.slots[slot].previous = -1
      state.slots[slot].next = state.first
      if state.first >= 0 { state.slots[state.first].previous = slot } else { state.last = slot }
      state.first = slot
      return nil
    }
    if let closing { _ = Glibc.close(closing) }
  }

  /// Hands the descriptor back, if it is open; nobody else may be using it.
  func take(_ owner: DescriptorOwner) -> FileDescriptor? {
    let number = state.withLock { state -> Int32? in
      guard owner.slot >= 0 else { return nil }
      precondition(state.slots[owner.slot].userCount == 0, "taken while in use")
      return DescriptorCache.remove(owner.slot, &state)
    }
    guard let number else { return nil }
    return FileDescriptor(owning: number)
  }

  /// Forgets a slot without users; returns its descriptor.
  private static func remove(_ slot: Int, _ state: inout State) -> Int32 {
    let isListed =
      state.first == slot || state.slots[slot].previous >= 0
    if isListed { unlink(slot, &state) }
    state.slots[slot].owner?.slot = -1
    state.slots[slot].owner = nil
    state.free.append(slot)
    state.openCount -= 1
    return state.slots[slot].number
  }

  private static func unlink(_ slot: Int, _ state: inout State) {
    let (previous, next) = (state.slots[slot].previous, state.slots[slot].next)
    if previous >= 0 { state.slots[previous].next = next } else { state.first = next }
    if next >= 0 { state.slots[next].previous = previous } else { state.last = previous }
    state.slots[slot].previous = -1
    state.slots[slot].next = -1
  }
}
