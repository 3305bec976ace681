import CairnCore
import CairnSystem
import CairnTesting
import Synchronization
import Testing

struct BoundedQueueTests {
  @Test func `elements come out in order and then the end`() throws {
    let queue = BoundedQueue<Int>(capacity: 3)
    for round in 0..<4 {
      try queue.push(round)
      try queue.push(round + 100)
      #expect(try queue.pop() == round)
      #expect(try queue.pop() == round + 100)
    }
    try queue.push(7)
    queue.close()
    #expect(try queue.pop() == 7)
    #expect(try queue.pop() == nil)
    #expect(try queue.popIfAny() == nil)
  }

  @Test func `many producers and consumers lose and repeat nothing`() throws {
    let queue = BoundedQueue<Int>(capacity: 4)
    let sum = Atomic<Int>(0)
    let taken = Atomic<Int>(0)
    let consumers = try WorkerPool(name: "consumer", count: 3) { _ throws(CairnError) in
      while let element = try queue.pop() {
        sum.add(element)
        taken.add(1)
      }
    }
    try WorkerPool.run(name: "producer", count: 3) { index throws(CairnError) in
      for value in 0..<2000 { try queue.push(index * 2000 + value) }
    }
    queue.close()
    try consumers.join()
    #expect(taken.value == 6000)
    #expect(sum.value == 6000 * 5999 / 2)
  }

  @Test func `a failure reaches waiting producers and consumers`() throws {
    let full = BoundedQueue<Int>(capacity: 1)
    try full.push(1)
    let empty = BoundedQueue<Int>(capacity: 1)
    let producer = try WorkerThread(name: "producer") { () throws(CairnError) in
      try full.push(2)
    }
    let consumer = try WorkerThread(name: "consumer") { () throws(CairnError) in
      _ = try empty.pop()
    }
    full.fail(CairnError(.outOfSpace, "full disk"))
    full.fail(CairnError(.failed, "too late"))
    empty.fail(CairnError(.damaged, "bad"))
    let producerFailure = producer.failure()
    #expect(producerFailure?.code == .outOfSpace)
    let consumerFailure = consumer.failure()
    #expect(consumerFailure?.code == .damaged)
    #expect(throws: CairnError.self) { _ = try full.pop() }
    #expect(full.count == 0)
  }

  @Test func `what is left in a queue is released with it`() throws {
    final class Token: Sendable {}
    weak var seen: Token?
    do {
      let queue = BoundedQueue<Token>(capacity: 2)
      let token = Token()
      seen = token
      try queue.push(token)
    }
    #expect(seen == nil)
  }
}
