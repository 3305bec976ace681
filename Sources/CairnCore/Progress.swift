package import Synchronization

/// Counters of a running operation. Workers add to them without locks; whoever shows progress
/// reads them when it pleases (a terminal ten times a second, a server once).
package final class Progress: Sendable {
  package enum Phase: UInt8, AtomicRepresentable, Sendable {
    case starting, loadingIndex, scanning, running, finishing
  }

  private let currentPhase = Atomic<Phase>(.starting)
  private let currentItem = Mutex<String>("")

  /// Items (files, packs, ...) finished.
  package let itemCount = Atomic<Int>(0)
  /// Items expected, 0 while unknown.
  package let itemTotal = Atomic<Int>(0)
  /// Bytes of content processed.
  package let byteCount = Atomic<Int>(0)
  /// Bytes of content expected, 0 while unknown.
  package let byteTotal = Atomic<Int>(0)
  /// Bytes that were new to the repository.
  package let newByteCount = Atomic<Int>(0)
  /// Bytes written to the object store (or the target).
  package let storedByteCount = Atomic<Int>(0)
  /// Items that could not be processed.
  package let errorCount = Atomic<Int>(0)

  package init() {}

  package var phase: Phase {
    get { currentPhase.load(ordering: .relaxed) }
    set { currentPhase.store(newValue, ordering: .relaxed) }
  }

  /// What is being worked on, for people.
  package var item: String {
    get { currentItem.withLock { $0 } }
    set { currentItem.withLock { $0 = newValue } }
  }
}

extension Atomic where Value == Int {
  package func add(_ amount: Int) {
    wrappingAdd(amount, ordering: .relaxed)
  }

  package func set(_ amount: Int) {
    store(amount, ordering: .relaxed)
  }

  package var value: Int { load(ordering: .relaxed) }
}
