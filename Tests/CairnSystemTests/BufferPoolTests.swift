import CairnCore
import CairnSystem
import CairnTesting
import Testing

struct BufferPoolTests {
  @Test func `buffers are page-aligned and shifted as asked`() throws {
    let pool = BufferPool(count: 2, capacity: 10_000, staggerStep: 4096)
    let first = try pool.take()
    let second = try pool.take()
    for buffer in [first, second] {
      #expect(UInt(bitPattern: buffer.pointer) % 4096 == 0)
      #expect(buffer.bytes.count == 10_000)
      buffer.bytes.initializeMemory(as: UInt8.self, repeating: 1)
    }
    let odd = AlignedBuffer(capacity: 100, stagger: 64)
    #expect(UInt(bitPattern: odd.pointer) % 4096 == 64)
  }

  @Test func `a buffer given back comes again, empty`() throws {
    let pool = BufferPool(count: 1, capacity: 64)
    let buffer = try pool.take()
    buffer.byteCount = 5
    #expect(buffer.filled.count == 5)
    pool.give(buffer)
    let again = try pool.take()
    #expect(again === buffer)
    #expect(again.byteCount == 0)
  }

  @Test func `taking waits for a buffer or for the failure`() throws {
    let pool = BufferPool(count: 1, capacity: 64)
    let buffer = try pool.take()
    let waiter = try WorkerThread(name: "waiter") { () throws(CairnError) in
      pool.give(try pool.take())
    }
    pool.give(buffer)
    try waiter.join()

    let held = try pool.take()
    let failing = try WorkerThread(name: "failing") { () throws(CairnError) in
      _ = try pool.take()
    }
    pool.fail(.interrupted)
    let failure = failing.failure()
    #expect(failure?.code == .interrupted)
    pool.give(held)
  }
}
