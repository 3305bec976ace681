internal import CairnCore
internal import CairnFormat
internal import CairnRepository
internal import CairnSystem

/// Groups new chunks into frames. Runs of them that lie side by side in an arena are compressed
/// where they are; only what is too little for a frame is copied aside until more comes.
final class FrameGatherer {
  private let writer: PackWriter
  private let frameByteCount: Int
  private let aside: AlignedBuffer
  private var asideChunks: [ChunkRecord] = []

  init(writer: PackWriter, config: RepositoryConfig) {
    self.writer = writer
    frameByteCount = config.frameByteCount
    aside = AlignedBuffer(capacity: config.frameByteCount + config.chunker.maxByteCount)
  }

  /// Stores those chunks of `base` (back to back, `lengths`) for which `isNew` is set.
  func store(
    _ base: UnsafeRawPointer, lengths: UnsafeBufferPointer<UInt32>,
    ids: UnsafeBufferPointer<ChunkID>, isNew: UnsafeBufferPointer<Bool>
  ) throws(CairnError) {
    var offset = 0
    var position = 0
    while position < lengths.count {
      guard isNew[position] else {
        offset += Int(lengths[position])
        position += 1
        continue
      }
      var end = position
      var byteCount = 0
      while end < lengths.count && isNew[end] {
        byteCount += Int(lengths[end])
        end += 1
      }
      try store(
        run: base + offset, byteCount: byteCount,
        lengths: UnsafeBufferPointer(rebasing: lengths[position..<end]),
        ids: UnsafeBufferPointer(rebasing: ids[position..<end]))
      offset += byteCount
      position = end
    }
  }

  private func store(
    run start: UnsafeRawPointer, byteCount: Int, lengths: UnsafeBufferPointer<UInt32>,
    ids: UnsafeBufferPointer<ChunkID>
  ) throws(CairnError) {
    // A run of half a frame or more is divided evenly into frames of about the wanted size.
    let frameCount = (byteCount + frameByteCount / 2) / frameByteCount
    guard frameCount > 0 else {
      try putAside(start, lengths: lengths, ids: ids)
      return
    }
    let share = (byteCount + frameCount - 1) / frameCount
    var records: [ChunkRecord] = []
    var frameStart = start
    var frameLength = 0
    for position in lengths.indices {
      records.append(ChunkRecord(id: ids[position], byteCount: lengths[position]))
      frameLength += Int(lengths[position])
      if frameLength >= share || position == lengths.count - 1 {
        try append(UnsafeRawBufferPointer(start: frameStart, count: frameLength), records)
        frameStart += frameLength
        frameLength = 0
        records.removeAll(keepingCapacity: true)
      }
    }
  }

  private func putAside(
    _ start: UnsafeRawPointer, lengths: UnsafeBufferPointer<UInt32>,
    ids: UnsafeBufferPointer<ChunkID>
  ) throws(CairnError) {
    var offset = 0
    for position in lengths.indices {
      let length = Int(lengths[position])
      if aside.byteCount + length > aside.capacity { try flush() }
      (aside.pointer + aside.byteCount).copyMemory(from: start + offset, byteCount: length)
      aside.byteCount += length
      asideChunks.append(ChunkRecord(id: ids[position], byteCount: lengths[position]))
      offset += length
      if aside.byteCount >= frameByteCount { try flush() }
    }
  }

  private func flush() throws(CairnError) {
    guard aside.byteCount > 0 else { return }
    try append(aside.filled, asideChunks)
    aside.byteCount = 0
    asideChunks.removeAll(keepingCapacity: true)
  }

  private func append(
    _ raw: UnsafeRawBufferPointer, _ chunks: [ChunkRecord]
  ) throws(CairnError) {
    let result: Result<Void, CairnError> = chunks.withUnsafeBufferPointer { chunks in
      do throws(CairnError) {
        try writer.append(raw, chunks: chunks)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// Writes what is left and completes the pack.
  func finish() throws(CairnError) {
    try flush()
    try writer.finish()
  }
}
