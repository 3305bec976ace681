package import CairnCore

/// The frame around a sealed object that is one message: index segments, snapshots, the ledger,
/// leases.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 8 | magic `CAIRNOBJ` |
/// | 8 | 2 | version, 1 |
/// | 10 | 1 | kind of object |
/// | 11 | 1 | method: 0 stored, 1 zstd |
/// | 12 | 4 | zero |
/// | 16 | 8 | raw length |
/// | 24 | 32 | salt |
/// | 56 | 32 | key commitment |
/// | 88 | n | AES-256-GCM ciphertext, nonce 0 |
/// | 88 + n | 16 | tag |
///
/// Bytes 0 ..< 24 are the additional data.
package struct SealedEnvelope: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    case segment = 1
    case snapshot = 2
    case ledger = 3
    case lease = 4
    case condemned = 5
    case parity = 6
  }

  package static let byteCount = 88
  package static let additionalDataByteCount = 24
  package static let magic: [UInt8] = Array("CAIRNOBJ".utf8)
  package static let version: UInt16 = 1

  package var kind: Kind
  package var method: FrameMethod
  package var rawByteCount: UInt64
  package var salt: Digest
  package var commitment: Digest

  package init(
    kind: Kind, method: FrameMethod, rawByteCount: UInt64, salt: Digest, commitment: Digest
  ) {
    self.kind = kind
    self.method = method
    self.rawByteCount = rawByteCount
    self.salt = salt
    self.commitment = commitment
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: SealedEnvelope.byteCount)
    writer.raw(SealedEnvelope.magic)
    writer.fixed(SealedEnvelope.version)
    writer.u8(kind.rawValue)
    writer.u8(method.rawValue)
    writer.fixed(UInt32(0))
    writer.fixed(rawByteCount)
    writer.digest(salt)
    writer.digest(commitment)
    return writer.bytes
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws(CairnError) {
    var reader = ByteReader(bytes)
    guard try reader.raw(8).elementsEqual(SealedEnvelope.magic) else {
      throw CairnError.damaged("not a sealed object: wrong magic")
    }
    guard try reader.fixed(UInt16.self) == SealedEnvelope.version else {
      throw CairnError(.unsupported, "object of a version this program doesn't know")
    }
    guard let kind = Kind(rawValue: try reader.u8()) else {
      throw CairnError.damaged("object of an unknown kind")
    }
    guard let method = FrameMethod(rawValue: try reader.u8()) else {
      throw CairnError(.unsupported, "object of a method this program doesn't know")
    }
    guard try reader.fixed(UInt32.self) == 0 else {
      throw CairnError.damaged("object header has reserved bytes set")
    }
    self.kind = kind
    self.method = method
    rawByteCount = try reader.fixed(UInt64.self)
    guard rawByteCount <= UInt64(Limits.sealedObjectByteCountMax) else {
      throw CairnError.damaged("object claims \(rawByteCount) bytes")
    }
    salt = try reader.digest()
    commitment = try reader.digest()
  }
}
