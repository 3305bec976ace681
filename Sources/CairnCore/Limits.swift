/// Sizes that no well-formed repository exceeds. Decoders check against them before they allocate.
package enum Limits {
  /// Largest chunk the format allows, bytes (16 MiB).
  package static let chunkByteCountMax = 16 << 20
  /// Largest raw (decompressed) frame, bytes: room for one chunk of the largest size and a full frame.
  package static let frameRawByteCountMax = 32 << 20
  /// Largest pack, bytes (1 GiB); offsets within a pack fit 32 bits.
  package static let packByteCountMax = 1 << 30
  /// Most frames in a pack.
  package static let framesPerPackMax = 1 << 16
  /// Most chunks in a frame.
  package static let chunksPerFrameMax = 1 << 20
  /// Largest sealed object that is read whole (segment, snapshot, table, ledger), bytes.
  package static let sealedObjectByteCountMax = 256 << 20
  /// Longest name of one directory entry, bytes (Linux: 255; others: more).
  package static let nameByteCountMax = 4096
  /// Longest symbolic link target or path, bytes.
  package static let pathByteCountMax = 65_536
}
