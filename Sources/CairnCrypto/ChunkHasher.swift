package import CCairnKernels
package import CairnCore

/// Names chunks: a ``CairnCore/ChunkID`` is the HMAC-SHA-256 of the chunk's plaintext under the
/// chunk-id key.
///
/// The batch forms are several times faster than one chunk after the other; 32 chunks or more are
/// a good batch. The value has no state and may be used by any number of threads; it is as secret
/// as the key.
package struct ChunkHasher: Sendable {
  /// Bytes of the chunk-id key.
  package static let keyByteCount = 32

  package let kernel: HashKernel
  private let key: cairn_hmac_key

  /// `key` is exactly 32 bytes.
  ///
  /// Without a `kernel`, the one ``HashKernel/selected()`` gives, and its errors; throws
  /// `unsupported` if the processor lacks the kernel asked for.
  package init(key bytes: [UInt8], kernel: HashKernel? = nil) throws(CairnError) {
    precondition(bytes.count == ChunkHasher.keyByteCount, "a chunk-id key has 32 bytes")
    if let kernel {
      self.kernel = try HashKernel.named(kernel.rawValue)
    } else {
      self.kernel = try HashKernel.selected()
    }
    var key = cairn_hmac_key()
    cairn_hmac_prepare(&key, bytes, bytes.count)
    self.key = key
  }

  /// Names chunks that lie back to back from `base`; `ids` has room for one id a length.
  package func hash(
    _ base: UnsafeRawPointer, lengths: UnsafeBufferPointer<UInt32>,
    into ids: UnsafeMutablePointer<ChunkID>
  ) {
    guard let first = lengths.baseAddress, lengths.count > 0 else { return }
    withUnsafePointer(to: key) {
      cairn_sha256_run(
        kernel.identifier, $0, base.assumingMemoryBound(to: UInt8.self), first, lengths.count,
        UnsafeMutableRawPointer(ids).assumingMemoryBound(to: UInt8.self))
    }
  }

  /// Names chunks that lie anywhere; `ids` has room for one id a chunk.
  package func hash(
    _ chunks: UnsafeBufferPointer<ScatteredChunk>, into ids: UnsafeMutablePointer<ChunkID>
  ) {
    guard let first = chunks.baseAddress, chunks.count > 0 else { return }
    withUnsafePointer(to: key) {
      cairn_sha256_messages(
        kernel.identifier, $0, first, chunks.count,
        UnsafeMutableRawPointer(ids).assumingMemoryBound(to: UInt8.self))
    }
  }

  /// Names one chunk.
  package func hash(_ bytes: UnsafeRawBufferPointer) -> ChunkID {
    var id = ChunkID(Digest())
    withUnsafePointer(to: ScatteredChunk(bytes)) { chunk in
      hash(UnsafeBufferPointer(start: chunk, count: 1), into: &id)
    }
    return id
  }
}

/// A chunk to be named that does not lie next to the others. Valid as long as its bytes are.
package typealias ScatteredChunk = cairn_message

extension ScatteredChunk {
  package init(_ bytes: UnsafeRawBufferPointer) {
    self.init(
      data: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), length: bytes.count)
  }
}
