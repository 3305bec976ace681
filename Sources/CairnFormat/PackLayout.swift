package import CairnCore

/// The first bytes of a pack:
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 8 | magic `CAIRNPCK` |
/// | 8 | 2 | version, 1 |
/// | 10 | 1 | chunk kind |
/// | 11 | 5 | zero |
/// | 16 | 32 | salt |
/// | 48 | 32 | key commitment |
package struct PackHeader: Hashable, Sendable {
  package static let byteCount = 80
  package static let magic: [UInt8] = Array("CAIRNPCK".utf8)
  package static let version: UInt16 = 1

  package var kind: ChunkKind
  package var salt: Digest
  package var commitment: Digest

  package init(kind: ChunkKind, salt: Digest, commitment: Digest) {
    self.kind = kind
    self.salt = salt
    self.commitment = commitment
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: PackHeader.byteCount)
    writer.raw(PackHeader.magic)
    writer.fixed(PackHeader.version)
    writer.u8(kind.rawValue)
    writer.raw([0, 0, 0, 0, 0])
    writer.digest(salt)
    writer.digest(commitment)
    return writer.bytes
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws(CairnError) {
    var reader = ByteReader(bytes)
    guard try reader.raw(8).elementsEqual(PackHeader.magic) else {
      throw CairnError.damaged("not a pack: wrong magic")
    }
    guard try reader.fixed(UInt16.self) == PackHeader.version else {
      throw CairnError(.unsupported, "pack of a version this program doesn't know")
    }
    guard let kind = ChunkKind(rawValue: try reader.u8()) else {
      throw CairnError.damaged("pack of an unknown kind")
    }
    guard try reader.raw(5).allSatisfy({ $0 == 0 }) else {
      throw CairnError.damaged("pack header has reserved bytes set")
    }
    self.kind = kind
    salt = try reader.digest()
    commitment = try reader.digest()
  }
}

/// The last bytes of a pack: the stored length of the sealed table before them, and a magic.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 4 | stored length of the sealed table, tag included |
/// | 4 | 4 | magic `CPKE` |
package enum PackTrailer {
  package static let byteCount = 8
  package static let magic: [UInt8] = Array("CPKE".utf8)

  package static func encode(tableStoredByteCount: Int) -> [UInt8] {
    var writer = ByteWriter(capacity: byteCount)
    writer.fixed(UInt32(tableStoredByteCount))
    writer.raw(magic)
    return writer.bytes
  }

  /// Length of the sealed table of a pack of `packByteCount` bytes that ends with `bytes`.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, packByteCount: UInt64
  ) throws(CairnError) -> Int {
    var reader = ByteReader(bytes)
    let tableByteCount = Int(try reader.fixed(UInt32.self))
    guard try reader.raw(4).elementsEqual(magic) else {
      throw CairnError.damaged("pack ends without its magic")
    }
    let overhead = UInt64(PackHeader.byteCount + byteCount)
    guard tableByteCount >= 16, packByteCount >= overhead,
      UInt64(tableByteCount) <= packByteCount - overhead
    else { throw CairnError.damaged("pack table is longer than the pack") }
    return tableByteCount
  }
}

/// What is authenticated along with each sealed message of a pack, 16 bytes:
/// version (2), chunk kind (1), method (1), ordinal (4), raw length (4), stored length (4).
package enum PackMessage {
  package static let byteCount = 16
  /// Ordinal of the table; frames count from 0.
  package static let tableOrdinal = UInt32.max

  /// Writes the additional data of a message to `bytes`, which holds ``byteCount``.
  package static func writeAdditionalData(
    to bytes: UnsafeMutableRawPointer, kind: ChunkKind, method: FrameMethod, ordinal: UInt32,
    rawByteCount: UInt32, storedByteCount: UInt32
  ) {
    bytes.storeBytes(of: PackHeader.version.littleEndian, toByteOffset: 0, as: UInt16.self)
    bytes.storeBytes(of: kind.rawValue, toByteOffset: 2, as: UInt8.self)
    bytes.storeBytes(of: method.rawValue, toByteOffset: 3, as: UInt8.self)
    bytes.storeBytes(of: ordinal.littleEndian, toByteOffset: 4, as: UInt32.self)
    bytes.storeBytes(of: rawByteCount.littleEndian, toByteOffset: 8, as: UInt32.self)
    bytes.storeBytes(of: storedByteCount.littleEndian, toByteOffset: 12, as: UInt32.self)
  }
}
