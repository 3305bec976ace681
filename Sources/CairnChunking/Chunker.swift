internal import CCairnKernels
package import CairnCore

/// Cuts a stream of bytes into chunks where its content says so, so that an insertion moves the
/// cuts near it and no others.
///
/// A cut depends on the bytes of its chunk alone: not on how the stream is split into buffers, nor
/// on the kernel. The value has no state and may be used by any number of threads.
package struct Chunker: Sendable {
  /// Bytes of the secret: two tables of 16 words.
  package static let secretByteCount = Int(CAIRN_GEAR_SECRET_BYTES)

  package let parameters: ChunkerParameters
  package let kernel: GearKernel
  private let tables: cairn_gear_tables
  private let switchByteCount: Int
  private let earlyThreshold: UInt32
  private let lateThreshold: UInt32

  /// `secret` is exactly 128 bytes: the words `P[0]…P[15]`, then `Q[0]…Q[15]`, little-endian. The
  /// gear hash of a byte `b` is `P[b & 15] ^ Q[b >> 4]`, that of a window
  /// `h = (h << 1) ^ gear(b)` over its 32 bytes in order.
  ///
  /// Without a `kernel`, the one ``GearKernel/selected()`` gives, and its errors; throws
  /// `unsupported` if the processor lacks the kernel asked for.
  package init(
    parameters: ChunkerParameters, secret: [UInt8], kernel: GearKernel? = nil
  ) throws(CairnError) {
    precondition(secret.count == Chunker.secretByteCount, "a chunker secret has 128 bytes")
    if let kernel {
      self.kernel = try GearKernel.named(kernel.rawValue)
    } else {
      self.kernel = try GearKernel.selected()
    }
    self.parameters = parameters
    var tables = cairn_gear_tables()
    cairn_gear_prepare(&tables, secret)
    self.tables = tables
    switchByteCount = parameters.switchByteCount
    earlyThreshold = parameters.earlyThreshold
    lateThreshold = parameters.lateThreshold
  }

  /// Where the chunk that begins at `start` ends.
  ///
  /// `isFinal` says that the stream ends with `bytes`; the last chunk then ends there. `nil` if the
  /// end can't be known before more bytes are there (never with a whole `maxByteCount` at hand),
  /// or if no byte is left.
  package func nextCut(
    in bytes: UnsafeRawBufferPointer, from start: Int, isFinal: Bool
  ) -> Int? {
    precondition(start >= 0 && start <= bytes.count)
    let available = bytes.count - start
    guard available > 0, let base = bytes.baseAddress else { return nil }
    let limit = min(available, parameters.maxByteCount)
    let data = base.advanced(by: start).assumingMemoryBound(to: UInt8.self)
    let early = min(limit, switchByteCount)
    if let length = find(in: data, from: parameters.minByteCount, to: early, below: earlyThreshold)
    {
      return start + length
    }
    if let length = find(in: data, from: switchByteCount, to: limit, below: lateThreshold) {
      return start + length
    }
    return limit == parameters.maxByteCount || isFinal ? start + limit : nil
  }

  /// Appends the lengths of all chunks in `bytes` and returns the bytes they cover.
  ///
  /// What remains, less than `maxByteCount` bytes, is the beginning of the next chunk: the caller
  /// puts it before the bytes that follow. With `isFinal` nothing remains.
  package func appendChunkLengths(
    of bytes: UnsafeRawBufferPointer, isFinal: Bool, to lengths: inout [UInt32]
  ) -> Int {
    var start = 0
    while let end = nextCut(in: bytes, from: start, isFinal: isFinal) {
      lengths.append(UInt32(end - start))
      start = end
    }
    return start
  }

  private func find(
    in data: UnsafePointer<UInt8>, from begin: Int, to end: Int, below threshold: UInt32
  ) -> Int? {
    guard begin < end else { return nil }
    let length = withUnsafePointer(to: tables) {
      cairn_gear_find(kernel.identifier, $0, data, begin, end, threshold)
    }
    return length < end ? length : nil
  }
}
