package import CairnCore

/// How the raw bytes of a frame were turned into the bytes that were sealed.
package enum FrameMethod: UInt8, Sendable, BitwiseCopyable {
  /// As they are: data that does not compress.
  case stored = 0
  /// One zstd frame with the content size in its header.
  case zstd = 1
}

/// One frame of a pack. Frames lie back to back from ``PackHeader/byteCount`` on, so their
/// offsets are the running sum of their stored lengths.
package struct FrameRecord: Hashable, Sendable, BitwiseCopyable {
  /// Bytes in the pack, authentication tag included.
  package var storedByteCount: UInt32
  /// Bytes after decompression: the sum of the lengths of its chunks.
  package var rawByteCount: UInt32
  package var method: FrameMethod
  /// Chunks in the frame, back to back in its raw bytes.
  package var chunkCount: UInt32

  package init(
    storedByteCount: UInt32, rawByteCount: UInt32, method: FrameMethod, chunkCount: UInt32
  ) {
    self.storedByteCount = storedByteCount
    self.rawByteCount = rawByteCount
    self.method = method
    self.chunkCount = chunkCount
  }
}

/// One chunk within a frame.
package struct ChunkRecord: Hashable, Sendable, BitwiseCopyable {
  package var id: ChunkID
  package var byteCount: UInt32

  package init(id: ChunkID, byteCount: UInt32) {
    self.id = id
    self.byteCount = byteCount
  }
}

/// What a pack holds, frame by frame and chunk by chunk, in the order of its bytes. It is sealed
/// at the end of the pack itself and repeated in an index segment.
package struct PackTable: Hashable, Sendable {
  package var kind: ChunkKind
  package var frames: [FrameRecord]
  /// The chunks of all frames, one frame's after the other's.
  package var chunks: [ChunkRecord]

  package init(kind: ChunkKind, frames: [FrameRecord] = [], chunks: [ChunkRecord] = []) {
    self.kind = kind
    self.frames = frames
    self.chunks = chunks
  }

  /// Bytes of all frames together, stored.
  package var frameByteCount: UInt64 {
    frames.reduce(0) { $0 + UInt64($1.storedByteCount) }
  }

  /// Bytes of all chunks together.
  package var rawByteCount: UInt64 {
    frames.reduce(0) { $0 + UInt64($1.rawByteCount) }
  }
}

/// A pack as an index segment describes it: enough to read any chunk of it with ranged reads.
package struct PackRecord: Hashable, Sendable {
  package var name: ObjectName
  /// Length of the whole object.
  package var byteCount: UInt64
  /// The pack's salt, from its header; its sealing key follows from it.
  package var salt: Digest
  package var table: PackTable

  package init(name: ObjectName, byteCount: UInt64, salt: Digest, table: PackTable) {
    self.name = name
    self.byteCount = byteCount
    self.salt = salt
    self.table = table
  }
}
