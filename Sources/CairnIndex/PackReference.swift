internal import CairnCore

/// What the index keeps under the name of a pack.
struct PackReference {
  var number: PackNumber
  /// Segments that name the pack; the pack leaves the index with the last of them.
  var segmentCount: UInt32

  init(number: PackNumber, segmentCount: UInt32) {
    self.number = number
    self.segmentCount = segmentCount
  }

  init(decoding bytes: UnsafeRawBufferPointer) throws(CairnError) {
    let words = try PackReference.decodeNumbers(bytes)
    guard words.count == 2, words[0] > 0, words[1] > 0 else {
      throw IndexDamage.error("reference to a pack")
    }
    self.init(number: words[0], segmentCount: words[1])
  }

  func encoded() -> [UInt8] {
    PackReference.encode([number, segmentCount])
  }

  static func encode(_ numbers: [UInt32]) -> [UInt8] {
    var writer = ByteWriter(capacity: numbers.count * 4)
    for number in numbers { writer.fixed(number) }
    return writer.bytes
  }

  static func decodeNumbers(_ bytes: UnsafeRawBufferPointer) throws(CairnError) -> [UInt32] {
    guard bytes.count % 4 == 0 else { throw IndexDamage.error("list of numbers") }
    return (0..<bytes.count / 4).map {
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
    }
  }
}
