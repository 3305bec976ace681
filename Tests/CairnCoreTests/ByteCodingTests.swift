import CairnCore
import Testing

struct ByteCodingTests {
  private func reading<R>(
    _ bytes: [UInt8], _ body: (inout ByteReader) throws(CairnError) -> R
  ) throws(CairnError) -> R {
    try bytes.withBytes { (buffer) throws(CairnError) in
      var reader = ByteReader(buffer)
      return try body(&reader)
    }
  }

  @Test func `what was written is read`() throws {
    let digest = try #require(Digest(0..<32))
    var writer = ByteWriter()
    writer.u8(7)
    writer.fixed(UInt32(0x0102_0304))
    writer.varint(300)
    writer.signedVarint(-5)
    writer.digest(digest)
    writer.prefixed([1, 2, 3])
    #expect(writer.bytes.prefix(5) == [7, 4, 3, 2, 1])
    try reading(writer.bytes) { (reader) throws(CairnError) in
      #expect(try reader.u8() == 7)
      #expect(try reader.fixed(UInt32.self) == 0x0102_0304)
      #expect(try reader.count(max: 300) == 300)
      #expect(try reader.signedVarint() == -5)
      #expect(try reader.digest() == digest)
      #expect(try [UInt8](reader.prefixed(max: 3)) == [1, 2, 3])
      try reader.requireEnd()
    }
  }

  @Test(
    arguments: [
      0, 1, 127, 128, 16_383, 16_384, UInt64(Int64.max), UInt64(Int64.max) + 1, .max,
    ] as [UInt64])
  func `variable-length integers come back`(value: UInt64) throws {
    var writer = ByteWriter()
    writer.varint(value)
    writer.signedVarint(Int64(bitPattern: value))
    try reading(writer.bytes) { (reader) throws(CairnError) in
      #expect(try reader.varint() == value)
      #expect(try reader.signedVarint() == Int64(bitPattern: value))
      #expect(reader.isAtEnd)
    }
  }

  @Test(
    arguments: [
      [], [0x80], [0x80, 0x00], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    ] as [[UInt8]])
  func `a malformed integer is damage`(bytes: [UInt8]) throws {
    let error = try #require(throws: CairnError.self) {
      try reading(bytes) { (reader) throws(CairnError) in _ = try reader.varint() }
    }
    #expect(error.code == .damaged)
  }

  @Test func `a length beyond the end or the limit is damage`() {
    #expect(throws: CairnError.self) {
      try reading([5, 1, 2]) { (reader) throws(CairnError) in _ = try reader.prefixed(max: 9) }
    }
    #expect(throws: CairnError.self) {
      try reading([2, 1, 2]) { (reader) throws(CairnError) in _ = try reader.prefixed(max: 1) }
    }
    #expect(throws: CairnError.self) {
      try reading([1]) { (reader) throws(CairnError) in _ = try reader.fixed(UInt16.self) }
    }
    #expect(throws: CairnError.self) {
      try reading([1]) { (reader) throws(CairnError) in try reader.requireEnd() }
    }
  }
}
