package import CairnCore
package import CairnCrypto
package import CairnFormat

/// Turns the content of small objects (segments, snapshots, ledger records, leases) into sealed
/// bytes and back. See ``SealedEnvelope`` for the layout.
package struct ObjectSealer: Sendable {
  package let keys: RepositoryKeys

  package init(keys: RepositoryKeys) {
    self.keys = keys
  }

  /// Compresses where that pays, seals, and gives the bytes to store.
  package func seal(_ content: [UInt8], kind: SealedEnvelope.Kind) throws(CairnError) -> [UInt8] {
    let context = try SealingContext.forSealing(kindKey: keys.sealingKey(kind.sealedKind))
    var method = FrameMethod.stored
    var body = content
    if let compressed = try Zstandard.compress(content, level: 3), compressed.count < content.count
    {
      body = compressed
      method = .zstd
    }
    let envelope = SealedEnvelope(
      kind: kind, method: method, rawByteCount: UInt64(content.count), salt: context.salt,
      commitment: context.commitment)
    var bytes = envelope.encode()
    bytes.reserveCapacity(bytes.count + body.count + SealingContext.tagByteCount)
    let additionalData = [UInt8](bytes[..<SealedEnvelope.additionalDataByteCount])
    let start = bytes.count
    bytes.append(contentsOf: body)
    bytes.append(contentsOf: repeatElement(0, count: SealingContext.tagByteCount))
    bytes.withUnsafeMutableBytes { buffer in
      let place = buffer.baseAddress! + start
      additionalData.withUnsafeBytes {
        context.seal(place, count: body.count, to: place, ordinal: 0, additionalData: $0)
      }
    }
    return bytes
  }

  /// Authenticates, decrypts and decompresses. `damaged` for anything that isn't an object of
  /// this kind sealed with this repository's keys.
  package func open(_ bytes: [UInt8], kind: SealedEnvelope.Kind) throws(CairnError) -> [UInt8] {
    let overhead = SealedEnvelope.byteCount + SealingContext.tagByteCount
    guard bytes.count >= overhead else { throw CairnError.damaged("object is cut short") }
    let envelope = try bytes.withBytes { (buffer) throws(CairnError) in
      try SealedEnvelope(decoding: buffer)
    }
    guard envelope.kind == kind else { throw CairnError.damaged("object of the wrong kind") }
    let context = SealingContext.forOpening(
      kindKey: keys.sealingKey(kind.sealedKind), salt: envelope.salt)
    guard context.commitment == envelope.commitment else {
      throw CairnError.damaged("object was not sealed with this repository's key")
    }
    let bodyByteCount = bytes.count - overhead
    // One byte of slack, so that an empty body has an address too.
    var body = [UInt8](repeating: 0, count: bodyByteCount + 1)
    let isAuthentic = bytes.withUnsafeBytes { source in
      body.withUnsafeMutableBytes { destination in
        context.open(
          source.baseAddress! + SealedEnvelope.byteCount, count: bodyByteCount,
          to: destination.baseAddress!, ordinal: 0,
          additionalData: UnsafeRawBufferPointer(
            rebasing: source[..<SealedEnvelope.additionalDataByteCount]))
      }
    }
    guard isAuthentic else { throw CairnError.damaged("authentication failed") }
    body.removeLast()
    let rawByteCount = Int(envelope.rawByteCount)
    switch envelope.method {
    case .stored:
      guard body.count == rawByteCount else { throw CairnError.damaged("length is wrong") }
      return body
    case .zstd:
      return try Zstandard.decompress(body, rawByteCount: rawByteCount)
    }
  }
}

extension SealedEnvelope.Kind {
  fileprivate var sealedKind: RepositoryKeys.SealedKind {
    switch self {
    case .segment: .segment
    case .snapshot: .snapshot
    case .ledger: .ledger
    case .lease: .lease
    case .condemned: .condemned
    case .parity: .parity
    }
  }
}
