import CairnCore
import CairnObjectStore
import CairnTesting
import Testing

@Suite struct FaultyStoreTests {
  @Test(arguments: ObjectStoreConformance.checks)
  func `without faults the contract is kept`(check: ObjectStoreConformance) throws {
    try check.run(FaultyStore(MemoryStore()))
  }

  @Test func `a fault hits the calls it is meant for and no others`() throws {
    let store = FaultyStore(MemoryStore())
    store.add(
      .init(.fail(CairnError(.outOfSpace, "full")), skipping: 1, hits: 1) { operation, key in
        operation == .put && key?.kind == .index
      })
    try store.put(sampleKey(.index, 1), [1], mode: .keepExisting)
    try store.put(sampleKey(.packs, 1), [1], mode: .keepExisting)
    #expect(throws: CairnError.self) {
      try store.put(sampleKey(.index, 2), [2], mode: .keepExisting)
    }
    try store.put(sampleKey(.index, 3), [3], mode: .keepExisting)
    #expect(try store.list(.index).map(\.key) == [sampleKey(.index, 1), sampleKey(.index, 3)])
  }

  @Test func `a lost answer leaves the object stored`() throws {
    let store = FaultyStore(MemoryStore())
    store.add(.init(.failAfter(CairnError(.failed, "lost")), hits: 1))
    #expect(throws: CairnError.self) { try store.put(.config, [1], mode: .failIfExisting) }
    #expect(try store.readAll(.config, byteCountMax: 1) == [1])
  }

  @Test func `reads come back damaged until healed`() throws {
    let store = FaultyStore(MemoryStore())
    let key = sampleKey(.packs, 1)
    try store.put(key, [0, 0, 0, 0], mode: .keepExisting)
    store.add(.init(.flipBit(9)))
    #expect(try store.readAll(key, byteCountMax: 4) == [0, 2, 0, 0])
    #expect(try readRange(store, key, 1..<4) == [0, 2, 0])
    store.heal()
    store.add(.init(.truncate(to: 3)))
    #expect(try store.readAll(key, byteCountMax: 4) == [0, 0, 0])
    #expect(throws: CairnError.self) { _ = try readRange(store, key, 0..<4) }
    store.heal()
    #expect(try readRange(store, key, 0..<4) == [0, 0, 0, 0])
  }
}
