import CairnCore
import CairnObjectStore
import CairnTesting
import Glibc
import Synchronization
import Testing

@Suite struct RetryingStoreTests {
  private final class Pauses: Sendable {
    private let list = Mutex<[UInt64]>([])
    func add(_ milliseconds: UInt64) { list.withLock { $0.append(milliseconds) } }
    var all: [UInt64] { list.withLock { $0 } }
  }

  private let pauses = Pauses()
  private let faulty = FaultyStore(MemoryStore())
  private static let reset = CairnError(.failed, "connection reset", errno: ECONNRESET)

  private var store: RetryingStore {
    RetryingStore(faulty) { [pauses] milliseconds in pauses.add(milliseconds) }
  }

  @Test(arguments: ObjectStoreConformance.checks)
  func `retrying keeps the contract`(check: ObjectStoreConformance) throws {
    try check.run(store)
  }

  @Test func `a passing failure is not seen`() throws {
    faulty.add(.init(.fail(Self.reset), hits: 4))
    try store.put(.config, [1], mode: .replace)
    #expect(try store.readAll(.config, byteCountMax: 1) == [1])
    #expect(pauses.all.count == 4)
    for (pause, longest) in zip(pauses.all, [200, 400, 800, 1_600] as [UInt64]) {
      #expect((longest / 2...longest).contains(pause))
    }
  }

  @Test func `attempts are bounded`() throws {
    faulty.add(.init(.fail(Self.reset)))
    #expect(throws: CairnError.self) { try store.delete(.config) }
    #expect(pauses.all.count == 4)
  }

  @Test func `a failure that stays is reported at once`() throws {
    faulty.add(.init(.fail(CairnError(.outOfSpace, "full", errno: ENOSPC))))
    #expect(throws: CairnError.self) { try store.put(.config, [1], mode: .replace) }
    #expect(pauses.all.isEmpty)
  }

  @Test func `an answer lost by an exclusive put is not taken for somebody else's object`() throws {
    faulty.add(.init(.failAfter(Self.reset), hits: 1))
    do throws(CairnError) {
      try store.put(.config, [1], mode: .failIfExisting)
      Issue.record("no error")
    } catch {
      #expect(error.code == .failed)
    }
  }

  @Test func `no object is listed twice`() throws {
    try store.put(sampleKey(.index, 1), [1], mode: .keepExisting)
    faulty.add(.init(.failAfter(Self.reset), hits: 1))
    var listed = 0
    #expect(throws: CairnError.self) {
      try store.list(.index) { (_, _) throws(CairnError) in listed += 1 }
    }
    #expect(listed == 1)
  }

  @Test func `a pause may give up`() throws {
    faulty.add(.init(.fail(Self.reset)))
    let store = RetryingStore(faulty) { _ throws(CairnError) in throw CairnError.interrupted }
    do throws(CairnError) {
      try store.delete(.config)
      Issue.record("no error")
    } catch {
      #expect(error.code == .interrupted)
    }
  }
}
