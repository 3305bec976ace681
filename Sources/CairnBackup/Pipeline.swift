internal import CairnCore
internal import CairnSystem
internal import Synchronization

/// The queues between the walk, the workers and the assembler. All bounded; whoever fails ends all
/// of them.
final class Pipeline: Sendable {
  let arenas: BufferPool
  /// From the walk to the workers.
  let work: BoundedQueue<Batch>
  /// From the workers to the assembler, in any order.
  let done: BoundedQueue<Batch>
  /// One for each batch between the walk and the assembler.
  private let tickets: BoundedQueue<Bool>

  init(workerCount: Int) {
    arenas = BufferPool(
      count: workerCount + 2, capacity: PipelineLimits.arenaByteCount, staggerStep: 4096)
    work = BoundedQueue(capacity: PipelineLimits.batchesInFlight)
    done = BoundedQueue(capacity: PipelineLimits.batchesInFlight + 1)
    tickets = BoundedQueue(capacity: PipelineLimits.batchesInFlight)
  }

  /// Hands a batch to the workers, waiting while too many are under way.
  func submit(_ batch: Batch) throws(CairnError) {
    try tickets.push(true)
    try work.push(batch)
  }

  /// The assembler is through with a batch.
  func retire() throws(CairnError) {
    _ = try tickets.pop()
  }

  func fail(_ error: CairnError) {
    arenas.fail(error)
    work.fail(error)
    done.fail(error)
    tickets.fail(error)
  }
}

/// Counts threads that are still at work.
final class RunningCount: Sendable {
  private let count: Mutex<Int>

  init(_ count: Int) {
    self.count = Mutex(count)
  }

  /// Those left after one has ended.
  func decrement() -> Int {
    count.withLock { count in
      count -= 1
      return count
    }
  }
}
