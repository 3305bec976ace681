import CairnObjectStore
import CairnTesting
import Testing

@Suite struct MemoryStoreTests {
  @Test(arguments: ObjectStoreConformance.checks)
  func `a memory store keeps the contract`(check: ObjectStoreConformance) throws {
    try check.run(MemoryStore())
  }
}
