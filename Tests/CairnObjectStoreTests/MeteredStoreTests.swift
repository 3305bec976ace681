import CairnObjectStore
import CairnTesting
import Testing

@Suite struct MeteredStoreTests {
  @Test(arguments: ObjectStoreConformance.checks)
  func `metering keeps the contract`(check: ObjectStoreConformance) throws {
    try check.run(MeteredStore(MemoryStore()))
  }

  @Test func `calls and bytes are counted by operation`() throws {
    let store = MeteredStore(MemoryStore())
    try store.put(sampleKey(.index, 1), samplePattern(100), mode: .keepExisting)
    try store.put(sampleKey(.index, 2), samplePattern(11), mode: .keepExisting)
    _ = try readRange(store, sampleKey(.index, 1), 10..<30)
    #expect(throws: (any Error).self) {
      _ = try readRange(store, sampleKey(.index, 1), 90..<110)
    }
    #expect(store[.put] == .init(calls: 2, byteCount: 111))
    #expect(store[.read] == .init(calls: 2, byteCount: 20))
    #expect(store[.list] == .init(calls: 0, byteCount: 0))
  }
}
