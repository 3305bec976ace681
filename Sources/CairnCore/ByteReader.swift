/// Reads what ``ByteWriter`` wrote, believing nothing: every length is checked against what is
/// left before it is used, and a violation is a `damaged` error, never a trap.
///
/// It borrows the memory it reads from; the caller keeps that alive.
package struct ByteReader {
  package let buffer: UnsafeRawBufferPointer
  package private(set) var offset = 0

  package init(_ buffer: UnsafeRawBufferPointer) {
    self.buffer = buffer
  }

  package var remaining: Int { buffer.count - offset }
  package var isAtEnd: Bool { remaining == 0 }

  private static let truncated = CairnError.damaged("structure ends too early")

  package mutating func u8() throws(CairnError) -> UInt8 {
    guard offset < buffer.count else { throw ByteReader.truncated }
    defer { offset += 1 }
    return buffer[offset]
  }

  package mutating func fixed<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(CairnError) -> T
  {
    guard remaining >= MemoryLayout<T>.size else { throw ByteReader.truncated }
    var value: T = 0
    withUnsafeMutableBytes(of: &value) {
      $0.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + MemoryLayout<T>.size]))
    }
    offset += MemoryLayout<T>.size
    return T(littleEndian: value)
  }

  /// Unsigned LEB128 of at most 64 bits; refuses encodings longer than needed, so that each value
  /// has one spelling.
  package mutating func varint() throws(CairnError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try u8()
      if shift == 63 && byte > 1 { throw CairnError.damaged("integer is too large") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 {
        if byte == 0 && shift > 0 { throw CairnError.damaged("integer is padded") }
        return value
      }
      shift += 7
      if shift > 63 { throw CairnError.damaged("integer is too large") }
    }
  }

  package mutating func signedVarint() throws(CairnError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  /// A varint that must not exceed `max`: use it for every count and length.
  package mutating func count(max: Int) throws(CairnError) -> Int {
    let value = try varint()
    guard value <= UInt64(max) else {
      throw CairnError.damaged("count \(value) exceeds the limit \(max)")
    }
    return Int(value)
  }

  package mutating func raw(_ count: Int) throws(CairnError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw ByteReader.truncated }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count])
  }

  package mutating func digest() throws(CairnError) -> Digest {
    Digest(loading: try raw(Digest.byteCount).baseAddress!)
  }

  /// A length as varint, then the bytes.
  package mutating func prefixed(max: Int) throws(CairnError) -> UnsafeRawBufferPointer {
    try raw(count(max: max))
  }

  package func requireEnd() throws(CairnError) {
    guard isAtEnd else { throw CairnError.damaged("structure has \(remaining) bytes too many") }
  }
}
