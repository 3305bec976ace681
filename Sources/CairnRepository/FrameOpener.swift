package import CairnCore
package import CairnCrypto
package import CairnFormat

/// Opens frames of packs: authenticates, decrypts and decompresses. Keeps the cipher contexts of
/// the packs it met last. For one thread.
package final class FrameOpener {
  private let keys: RepositoryKeys
  private let decoder = FrameDecoder()
  private var contexts: [ObjectName: SealingContext] = [:]
  private var order: [ObjectName] = []
  private static let contextCountMax = 64

  package init(keys: RepositoryKeys) {
    self.keys = keys
  }

  /// Fills `raw`, which has the frame's raw length. `stored` is overwritten with the decrypted
  /// payload. `damaged` when the frame isn't what was written; the caller names pack and frame.
  package func open(
    _ frame: FrameRecord, index: Int, pack name: ObjectName, salt: Digest, kind: ChunkKind,
    stored: UnsafeMutableRawBufferPointer, raw: UnsafeMutableRawBufferPointer
  ) throws(CairnError) {
    precondition(stored.count == Int(frame.storedByteCount) && raw.count == Int(frame.rawByteCount))
    let context = context(pack: name, salt: salt, kind: kind)
    // A stored frame decrypts straight to its place.
    let destination = frame.method == .stored ? raw.baseAddress : stored.baseAddress
    let isAuthentic = context.openMessage(
      stored.baseAddress!, storedByteCount: stored.count, to: destination!, kind: kind,
      method: frame.method, ordinal: UInt32(index), rawByteCount: frame.rawByteCount)
    guard isAuthentic else { throw CairnError.damaged("frame \(index): authentication failed") }
    if frame.method == .zstd {
      let payload = UnsafeRawBufferPointer(stored)[
        ..<(stored.count - SealingContext.tagByteCount)]
      try decoder.decode(UnsafeRawBufferPointer(rebasing: payload), to: raw)
    }
  }

  private func context(pack: ObjectName, salt: Digest, kind: ChunkKind) -> SealingContext {
    if let context = contexts[pack] { return context }
    if order.count == FrameOpener.contextCountMax {
      contexts[order.removeFirst()] = nil
    }
    let context = SealingContext.forOpening(
      kindKey: keys.sealingKey(RepositoryKeys.SealedKind(pack: kind)), salt: salt)
    contexts[pack] = context
    order.append(pack)
    return context
  }

  /// Decrypts the table of a pack whose trailer gave its length.
  package func openTable(
    _ stored: [UInt8], header: PackHeader
  ) throws(CairnError) -> PackTable {
    let context = SealingContext.forOpening(
      kindKey: keys.sealingKey(RepositoryKeys.SealedKind(pack: header.kind)), salt: header.salt)
    guard context.commitment == header.commitment else {
      throw CairnError.damaged("pack was not sealed with this repository's key")
    }
    let rawByteCount = stored.count - SealingContext.tagByteCount
    guard rawByteCount > 0 else { throw CairnError.damaged("pack table is empty") }
    var raw = [UInt8](repeating: 0, count: rawByteCount)
    let isAuthentic = stored.withUnsafeBytes { source in
      raw.withUnsafeMutableBytes { raw in
        context.openMessage(
          source.baseAddress!, storedByteCount: stored.count, to: raw.baseAddress!,
          kind: header.kind, method: .stored, ordinal: PackMessage.tableOrdinal,
          rawByteCount: UInt32(rawByteCount))
      }
    }
    guard isAuthentic else { throw CairnError.damaged("pack table: authentication failed") }
    return try raw.withBytes { (bytes) throws(CairnError) in
      var reader = ByteReader(bytes)
      let table = try PackTable(kind: header.kind, decoding: &reader)
      try reader.requireEnd()
      return table
    }
  }
}
