import CairnCore
import CairnSystem
import Synchronization
import Testing

struct WorkerPoolTests {
  @Test func `every worker runs once with its own number`() throws {
    let seen = Mutex<Set<Int>>([])
    try WorkerPool.run(name: "worker", count: 5) { index in
      _ = seen.withLock { $0.insert(index) }
    }
    #expect(seen.withLock { $0 } == [0, 1, 2, 3, 4])
  }

  @Test func `the first error wins and wakes the others`() throws {
    let queue = BoundedQueue<Int>(capacity: 1)
    let error = #expect(throws: CairnError.self) {
      let pool = try WorkerPool(
        name: "worker", count: 3, onFailure: { queue.fail($0) },
        { index throws(CairnError) in
          if index == 1 { throw CairnError(.damaged, "broken") }
          _ = try queue.pop()
        })
      try pool.join()
    }
    #expect(error?.message == "broken")
  }

  @Test func `a worker's stack holds a deep recursion`() throws {
    @Sendable func depth(_ level: Int) -> Int {
      withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
        buffer[0] = 1
        return level == 0 ? 0 : depth(level - 1) + Int(buffer[0])
      }
    }
    let result = Atomic<Int>(0)
    let thread = try WorkerThread(name: "deep") { result.set(depth(2000)) }
    try thread.join()
    #expect(result.value == 2000)
  }
}
