package import CairnCore

/// A fixed number of equal buffers that stages take and give back: the bound of a pipeline's
/// memory. Buffers are made when first needed.
package final class BufferPool: @unchecked Sendable {
  // Unchecked: everything below is touched only under the monitor's lock.
  private let monitor = Monitor(conditionCount: 1)
  private var free: [AlignedBuffer] = []
  private var madeCount = 0
  private var failure: CairnError?

  /// Buffers in all.
  package let count: Int
  /// Of each buffer, bytes.
  package let capacity: Int
  private let staggerStep: Int

  /// Buffer number i is shifted by i × `staggerStep` bytes; see ``AlignedBuffer/init``.
  package init(count: Int, capacity: Int, staggerStep: Int = 0) {
    precondition(count > 0, "a pool needs a buffer")
    self.count = count
    self.capacity = capacity
    self.staggerStep = staggerStep
    free.reserveCapacity(count)
  }

  /// An unused buffer with `byteCount` 0, waiting for one to be given back if need be. Throws the
  /// failure when the pool has failed.
  package func take() throws(CairnError) -> AlignedBuffer {
    monitor.lock()
    defer { monitor.unlock() }
    while free.isEmpty && madeCount == count && failure == nil { monitor.wait(0) }
    if let failure { throw failure }
    if let buffer = free.popLast() {
      buffer.byteCount = 0
      return buffer
    }
    madeCount += 1
    return AlignedBuffer(capacity: capacity, stagger: staggerStep * (madeCount - 1))
  }

  /// Gives back what ``take()`` returned; the caller must not touch it any more.
  package func give(_ buffer: AlignedBuffer) {
    monitor.lock()
    precondition(free.count < count, "more buffers given back than taken")
    free.append(buffer)
    monitor.signal(0)
    monitor.unlock()
  }

  /// Makes every waiting and later `take()` throw `error`. The first failure stays.
  package func fail(_ error: CairnError) {
    monitor.lock()
    if failure == nil { failure = error }
    monitor.wakeAll()
    monitor.unlock()
  }
}
