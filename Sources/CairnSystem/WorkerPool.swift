package import CairnCore
internal import Glibc
internal import Synchronization

/// Threads that run the same body; the first error any of them throws is the one that counts.
package final class WorkerPool: Sendable {
  private final class Threads: @unchecked Sendable {
    // Unchecked: filled before anybody else sees it, emptied by the only call of `join()`.
    let storage: UnsafeMutablePointer<WorkerThread>
    var count = 0

    init(capacity: Int) { storage = .allocate(capacity: capacity) }
    deinit { storage.deallocate() }
  }

  private let threads: Threads
  private let firstFailure = Mutex<CairnError?>(nil)
  private let isJoined = Atomic<Bool>(false)
  private let onFailure: @Sendable (CairnError) -> Void

  /// Starts `count` threads, each calling `body` with its number. `onFailure` is called with the
  /// first error, on the thread that threw it: let it fail the queues and pools that the others
  /// may be waiting on.
  package init(
    name: String, count: Int, stackByteCount: Int = WorkerThread.stackByteCount,
    onFailure: @escaping @Sendable (CairnError) -> Void = { _ in },
    _ body: @escaping @Sendable (Int) throws(CairnError) -> Void
  ) throws(CairnError) {
    precondition(count > 0, "a pool needs a thread")
    self.onFailure = onFailure
    threads = Threads(capacity: count)
    do throws(CairnError) {
      for index in 0..<count {
        let thread = try WorkerThread(
          name: "\(name) \(index)", stackByteCount: stackByteCount
        ) { [self] () throws(CairnError) in
          do throws(CairnError) {
            try body(index)
          } catch {
            record(error)
          }
        }
        (threads.storage + index).initialize(to: thread)
        threads.count += 1
      }
    } catch {
      record(error)
      try join()
    }
  }

  deinit {
    precondition(isJoined.load(ordering: .acquiring), "a pool is joined before it goes")
  }

  /// Waits for all threads, then throws the first error. Called once.
  package func join() throws(CairnError) {
    precondition(
      !isJoined.exchange(true, ordering: .acquiringAndReleasing), "a pool is joined once")
    for index in 0..<threads.count {
      let thread = (threads.storage + index).move()
      // Bodies record their errors, so joining itself has none to tell.
      try thread.join()
    }
    if let failure = firstFailure.withLock({ $0 }) { throw failure }
  }

  /// Runs `body` on `count` threads and waits for all of them.
  package static func run(
    name: String, count: Int,
    onFailure: @escaping @Sendable (CairnError) -> Void = { _ in },
    _ body: @escaping @Sendable (Int) throws(CairnError) -> Void
  ) throws(CairnError) {
    try WorkerPool(name: name, count: count, onFailure: onFailure, body).join()
  }

  private func record(_ error: CairnError) {
    let isFirst = firstFailure.withLock { first in
      if first != nil { return false }
      first = error
      return true
    }
    if isFirst { onFailure(error) }
  }
}
