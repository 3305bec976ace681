import CairnCore
import CairnFormat
import Testing

@Suite struct LedgerRecordTests {
  static func name(_ number: UInt64) -> ObjectName {
    var random = FormatRandom(seed: number)
    return ObjectName(random.digest())
  }

  static func record(
    _ generation: UInt64, _ snapshots: [UInt64], removed: [(UInt64, Int64)] = []
  ) -> LedgerRecord {
    LedgerRecord(
      generation: generation, snapshots: Set(snapshots.map(name)), keys: [name(100)],
      removed: removed.map { .init(name: name($0.0), time: $0.1) }, supersedes: [])
  }

  @Test func `what is in any and removed in none is merged`() {
    let a = Self.record(5, [1, 2, 3])
    let b = Self.record(7, [2, 4], removed: [(3, 10), (9, 1)])
    let c = Self.record(6, [], removed: [(3, 20)])
    let names = (0..<3).map { Self.name(200 + $0) }
    let merged = LedgerRecord.merged(Array(zip(names, [a, b, c])).map { ($0, $1) })
    #expect(merged.generation == 7)
    #expect(merged.snapshots == Set([1, 2, 4].map(Self.name)))
    #expect(merged.keys == [Self.name(100)])
    #expect(merged.removed.first { $0.name == Self.name(3) }?.time == 20)
    #expect(merged.supersedes == names.sorted())
  }

  @Test func `merging does not depend on the order`() {
    let records = [
      (Self.name(1), Self.record(1, [1, 2], removed: [(5, 1)])),
      (Self.name(2), Self.record(2, [5, 6])),
      (Self.name(3), Self.record(2, [7], removed: [(6, 2)])),
    ].map { (name: $0.0, record: $0.1) }
    #expect(LedgerRecord.merged(records) == LedgerRecord.merged(records.reversed()))
  }

  @Test func `nothing merges to nothing`() {
    let merged = LedgerRecord.merged([])
    #expect(merged.snapshots.isEmpty && merged.generation == 0 && merged.supersedes.isEmpty)
  }

  @Test func `records survive as JSON`() throws {
    let record = Self.record(3, [1, 2], removed: [(4, -5)])
    let bytes = try JSONRecord.encode(record)
    #expect(try JSONRecord.decode(LedgerRecord.self, from: bytes, what: "x") == record)
    for count in 0..<bytes.count {
      #expect(throws: CairnError.self) {
        try JSONRecord.decode(LedgerRecord.self, from: Array(bytes[..<count]), what: "x")
      }
    }
  }

  @Test func `paths that are no text survive as JSON`() throws {
    for bytes in [Array("/tmp/ä".utf8), [0x2f, 0xff, 0xfe], []] as [[UInt8]] {
      let json = try JSONRecord.encode([ByteText(bytes)])
      #expect(try JSONRecord.decode([ByteText].self, from: json, what: "x") == [ByteText(bytes)])
    }
  }
}
