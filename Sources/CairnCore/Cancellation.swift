internal import Synchronization

/// A request to stop, set from a signal handler or another thread and looked at between units of
/// work. It can't be taken back.
package final class Cancellation: Sendable {
  private let requested = Atomic<Bool>(false)

  package init() {}

  package func request() {
    requested.store(true, ordering: .releasing)
  }

  package var isRequested: Bool {
    requested.load(ordering: .acquiring)
  }

  /// Throws ``CairnError/interrupted`` once a stop was requested.
  package func check() throws(CairnError) {
    if isRequested { throw CairnError.interrupted }
  }
}
