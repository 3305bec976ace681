package import CairnCore

/// A queue between threads that holds at most so many elements: a slow consumer slows the producer
/// and memory stays bounded. It ends in one of two ways: `close()` after the last element, or
/// `fail(_:)`, which throws the rest away and hands the error to everybody.
package final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  // Unchecked: everything below is touched only under the monitor's lock.
  private let monitor = Monitor(conditionCount: 2)
  private let ring: UnsafeMutablePointer<Element>
  private let capacity: Int
  private var head = 0
  private var filled = 0
  private var waitingConsumers = 0
  private var waitingProducers = 0
  private var isClosed = false
  private var failure: CairnError?

  private let notEmpty = 0
  private let notFull = 1

  package init(capacity: Int) {
    precondition(capacity > 0, "a queue needs room for an element")
    self.capacity = capacity
    ring = .allocate(capacity: capacity)
  }

  deinit {
    discardElements()
    ring.deallocate()
  }

  /// Appends, waiting for room. Throws the failure when the queue has failed; pushing after
  /// `close()` is a programmer's mistake.
  package func push(_ element: Element) throws(CairnError) {
    monitor.lock()
    defer { monitor.unlock() }
    while filled == capacity && failure == nil && !isClosed {
      waitingProducers += 1
      monitor.wait(notFull)
      waitingProducers -= 1
    }
    if let failure { throw failure }
    precondition(!isClosed, "nothing is pushed after close()")
    var tail = head + filled
    if tail >= capacity { tail -= capacity }
    (ring + tail).initialize(to: element)
    filled += 1
    if waitingConsumers > 0 { monitor.signal(notEmpty) }
  }

  /// Removes the oldest, waiting for one; `nil` once the queue is closed and empty. Throws the
  /// failure when the queue has failed.
  package func pop() throws(CairnError) -> Element? {
    monitor.lock()
    defer { monitor.unlock() }
    while filled == 0 && failure == nil && !isClosed {
      waitingConsumers += 1
      monitor.wait(notEmpty)
      waitingConsumers -= 1
    }
    if let failure { throw failure }
    return takeFirst()
  }

  /// Removes the oldest if there is one at once. Throws the failure when the queue has failed.
  package func popIfAny() throws(CairnError) -> Element? {
    monitor.lock()
    defer { monitor.unlock() }
    if let failure { throw failure }
    return takeFirst()
  }

  /// No more elements will come; those that are queued are still handed out.
  package func close() {
    monitor.lock()
    isClosed = true
    monitor.wakeAll()
    monitor.unlock()
  }

  /// Ends the queue at once: what it holds is dropped, every waiting and later call throws
  /// `error`. The first failure stays.
  package func fail(_ error: CairnError) {
    monitor.lock()
    if failure == nil {
      failure = error
      discardElements()
    }
    monitor.wakeAll()
    monitor.unlock()
  }

  /// Elements queued at this moment.
  package var count: Int {
    monitor.lock()
    defer { monitor.unlock() }
    return filled
  }

  private func takeFirst() -> Element? {
    guard filled > 0 else { return nil }
    let element = (ring + head).move()
    head = head + 1 == capacity ? 0 : head + 1
    filled -= 1
    if waitingProducers > 0 { monitor.signal(notFull) }
    return element
  }

  private func discardElements() {
    while filled > 0 {
      (ring + head).deinitialize(count: 1)
      head = head + 1 == capacity ? 0 : head + 1
      filled -= 1
    }
  }
}
