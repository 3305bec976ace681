internal import CairnChunking
internal import CairnCore
internal import CairnFormat
internal import CairnSystem

/// Reads files that don't fit a worker's arena, and streams, on the walk's own thread: reading and
/// cutting are fast and must be in order; hashing and compressing are neither and go to the
/// workers.
struct LargeFileReader {
  let builder: BatchBuilder
  let chunker: Chunker
  let progress: Progress
  let cancellation: Cancellation

  /// Bytes of one read call: between two looks at the cancellation.
  private static let readByteCount = 1 << 20

  /// Reads `extents` of a file one after the other as one run of content. Returns the bytes read,
  /// fewer than the extents hold when the file has shrunk.
  func read(
    _ descriptor: borrowing FileDescriptor, extents: [DataExtent]
  ) throws(CairnError) -> UInt64 {
    var run = try Run(reader: self)
    for extent in extents {
      var offset = extent.offset
      while offset < extent.end {
        let count = try run.fill(max: extent.end - offset) { (room) throws(CairnError) in
          try descriptor.read(into: room, at: offset)
        }
        if count == 0 { return try run.finish() }
        offset += UInt64(count)
      }
    }
    return try run.finish()
  }

  /// Reads a stream to its end.
  func readStream(_ descriptor: borrowing FileDescriptor) throws(CairnError) -> UInt64 {
    var run = try Run(reader: self)
    while true {
      let count = try run.fill(max: .max) { (room) throws(CairnError) in
        try descriptor.read(into: room)
      }
      if count == 0 { return try run.finish() }
    }
  }

  /// Content under way: what of it lies in the arena but isn't cut yet.
  private struct Run {
    let reader: LargeFileReader
    var arena: AlignedBuffer
    /// Where in the arena the part that isn't cut begins.
    var uncutStart: Int
    var byteCount: UInt64 = 0

    init(reader: LargeFileReader) throws(CairnError) {
      self.reader = reader
      arena = try reader.builder.arena()
      uncutStart = arena.byteCount
    }

    mutating func fill(
      max wanted: UInt64,
      _ read: (UnsafeMutableRawBufferPointer) throws(CairnError) -> Int
    ) throws(CairnError) -> Int {
      try reader.cancellation.check()
      if arena.byteCount == arena.capacity { try advance() }
      let room = min(arena.capacity - arena.byteCount, LargeFileReader.readByteCount)
      let limit = Int(min(UInt64(room), wanted))
      let count = try read(
        UnsafeMutableRawBufferPointer(
          start: arena.pointer + arena.byteCount, count: limit))
      arena.byteCount += count
      byteCount += UInt64(count)
      reader.progress.byteCount.add(count)
      return count
    }

    /// Cuts what is there, and carries the beginning of the next chunk to a new arena.
    private mutating func advance() throws(CairnError) {
      try cut(isFinal: false)
      arena = try reader.builder.submit(carrying: arena.byteCount - uncutStart)
      uncutStart = 0
    }

    private mutating func cut(isFinal: Bool) throws(CairnError) {
      let batch = reader.builder.batch
      let first = batch.lengths.count
      let uncut = UnsafeRawBufferPointer(
        start: arena.pointer + uncutStart, count: arena.byteCount - uncutStart)
      uncutStart += reader.chunker.appendChunkLengths(
        of: uncut, isFinal: isFinal, to: &batch.lengths)
      let count = batch.lengths.count - first
      if count > 0 {
        // Not through `append`, which may submit the batch that the tail is to be carried from.
        batch.events.append(.part(firstChunk: first, chunkCount: count))
      }
    }

    mutating func finish() throws(CairnError) -> UInt64 {
      try cut(isFinal: true)
      return byteCount
    }
  }
}
