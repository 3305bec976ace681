/// Appends little-endian integers, LEB128 variable-length integers and byte strings to a growing
/// buffer: the one encoder of everything binary that cairn stores.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  package var count: Int { bytes.count }

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }

  package mutating func u8(_ value: UInt8) {
    bytes.append(value)
  }

  package mutating func fixed<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Unsigned LEB128.
  package mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  package mutating func varint(_ value: Int) {
    precondition(value >= 0, "lengths and counts are never negative")
    varint(UInt64(value))
  }

  /// Zigzag, then LEB128: small magnitudes of either sign stay short.
  package mutating func signedVarint(_ value: Int64) {
    varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  package mutating func raw(_ value: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: value)
  }

  package mutating func raw(_ value: [UInt8]) {
    bytes.append(contentsOf: value)
  }

  package mutating func digest(_ value: Digest) {
    value.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// A length as varint, then the bytes.
  package mutating func prefixed(_ value: [UInt8]) {
    varint(value.count)
    bytes.append(contentsOf: value)
  }

  package mutating func prefixed(_ value: UnsafeRawBufferPointer) {
    varint(value.count)
    bytes.append(contentsOf: value)
  }
}
