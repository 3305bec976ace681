import CairnCore
import CairnCrypto
import CairnRepository
import CairnSystem
import Synchronization
import Testing

@Suite struct ClaimTableTests {
  static func id(_ number: Int) -> ChunkID { ChunkID(SHA256.hash(Array("\(number)".utf8))) }

  static func claim(_ table: ClaimTable, _ ids: [ChunkID], unknown: [Bool]) -> [Bool]? {
    var unknown = unknown
    let isCurrent = ids.withUnsafeBufferPointer { ids in
      unknown.withUnsafeMutableBufferPointer {
        table.claim(ids, unknown: $0, lookedUpIn: table.epoch)
      }
    }
    return isCurrent ? unknown : nil
  }

  @Test func `whoever claims first stores`() {
    let table = ClaimTable()
    let ids = (0..<10_000).map(Self.id)
    let unknown = Array(repeating: true, count: ids.count)
    #expect(Self.claim(table, ids, unknown: unknown) == unknown)
    #expect(Self.claim(table, ids, unknown: unknown) == unknown.map { !$0 })
    #expect(table.count == ids.count)
    #expect(ids.allSatisfy(table.contains) && !table.contains(Self.id(-1)))
  }

  @Test func `twice in a batch is stored once and what is known never`() {
    let table = ClaimTable()
    let result = Self.claim(
      table, [1, 1, 2, 3].map(Self.id), unknown: [true, true, false, true])
    #expect(result == [true, false, false, true])
    #expect(!table.contains(Self.id(2)))
  }

  @Test func `claims that moved to the index make old look-ups stale`() {
    let table = ClaimTable()
    let epoch = table.epoch
    _ = Self.claim(table, [Self.id(1), Self.id(2)], unknown: [true, true])
    table.remove([Self.id(1)])
    #expect(!table.contains(Self.id(1)) && table.contains(Self.id(2)) && table.count == 1)
    var unknown = [true]
    let isCurrent = [Self.id(1)].withUnsafeBufferPointer { ids in
      unknown.withUnsafeMutableBufferPointer { table.claim(ids, unknown: $0, lookedUpIn: epoch) }
    }
    #expect(!isCurrent && unknown == [true])
  }

  @Test func `of many threads exactly one gets each chunk`() throws {
    let table = ClaimTable()
    let total = Atomic<Int>(0)
    try WorkerPool.run(name: "claim", count: 4) { (_) throws(CairnError) in
      for start in stride(from: 0, to: 4000, by: 100) {
        let ids = (start..<start + 150).map(Self.id)
        let mine = Self.claim(table, ids, unknown: Array(repeating: true, count: ids.count)) ?? []
        total.add(mine.count { $0 })
      }
    }
    #expect(total.value == 4050 && table.count == 4050)
  }
}
