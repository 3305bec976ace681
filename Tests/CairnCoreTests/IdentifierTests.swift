import CairnCore
import Testing

struct IdentifierTests {
  @Test func `hexadecimal comes back and is lower-case`() {
    #expect(Hex.encode([0x00, 0xff, 0x1a]) == "00ff1a")
    #expect(Hex.decode("00ff1a") == [0x00, 0xff, 0x1a])
    #expect(Hex.decode("0") == nil)
    #expect(Hex.decode("0G") == nil)
    #expect(Hex.decode("FF") == nil)
  }

  @Test func `a digest keeps its bytes, text and order`() throws {
    let a = try #require(Digest(0..<32))
    var bytes = [UInt8](0..<32)
    bytes[31] = 255
    let b = try #require(Digest(bytes))
    #expect(a.bytes == [UInt8](0..<32))
    #expect(Digest(hex: a.hex) == a)
    #expect(a < b)
    #expect(a != b)
    #expect(Digest(0..<31) == nil)
    #expect(Digest(hex: "00") == nil)
  }

  @Test func `digests sort as their bytes do`() throws {
    for position in 0..<32 {
      var low = [UInt8](repeating: 0x80, count: 32)
      var high = low
      low[position] = 1
      high[position] = 2
      #expect(try #require(Digest(low)) < #require(Digest(high)))
    }
  }

  @Test func `people see eight digits of an identifier`() throws {
    let name = ObjectName(try #require(Digest(0..<32)))
    #expect(name.short == "00010203")
    #expect(ObjectName(hex: name.hex) == name)
  }
}
