internal import CairnCore
internal import CairnCrypto
internal import CairnSystem
internal import Synchronization

/// Finds out which chunks of files are in place already: reads them, names them and compares the
/// names. One for each worker.
final class ContentComparison {
  private static let arenaByteCount = 8 << 20
  /// Comparisons whose chunks are named together.
  static let batchCount = 32

  private let target: RestoreTarget
  private let hasher: ChunkHasher
  private var arena: AlignedBuffer
  private var used = 0
  private var chunks: [ScatteredChunk] = []
  private var positions: [Int] = []
  private var ids: [ChunkID] = []

  init(target: RestoreTarget, hasher: ChunkHasher) {
    self.target = target
    self.hasher = hasher
    arena = AlignedBuffer(capacity: ContentComparison.arenaByteCount)
  }

  /// Sets ``RestoreWindow/isInPlace`` for the placements of the comparisons given.
  func compare(_ range: Range<Int>, of window: RestoreWindow) throws(CairnError) {
    for comparison in window.comparisons[range] {
      try target.cancellation.check()
      let placements = comparison.start..<comparison.start + comparison.count
      for position in placements { window.isInPlace[position] = false }
      do throws(CairnError) {
        guard let existing = try target.examine(comparison.file) else { continue }
        try read(comparison.file, existing, placements, window)
      } catch {
        comparison.file.fail(try MetadataWriter.tolerating(error))
      }
    }
    flush(window)
  }

  private func read(
    _ file: TargetFile, _ existing: FileStatus, _ placements: Range<Int>, _ window: RestoreWindow
  ) throws(CairnError) {
    if placements.isEmpty { return }
    let number = try target.openForWriting(file)
    defer { target.files.release(file) }
    for position in placements {
      let placement = window.placements[position]
      let byteCount = Int(placement.byteCount)
      if used + byteCount > arena.capacity || chunks.count >= 1024 { flush(window) }
      if byteCount > arena.capacity { arena = AlignedBuffer(capacity: byteCount) }
      let place = UnsafeMutableRawBufferPointer(start: arena.pointer + used, count: byteCount)
      guard try readContent(file, existing, number, at: placement.contentOffset, into: place)
      else { continue }
      chunks.append(ScatteredChunk(UnsafeRawBufferPointer(place)))
      positions.append(position)
      used += byteCount
    }
  }

  /// `false` when the file ends before.
  private func readContent(
    _ file: TargetFile, _ existing: FileStatus, _ number: Int32, at contentOffset: UInt64,
    into place: UnsafeMutableRawBufferPointer
  ) throws(CairnError) -> Bool {
    var isThere = true
    let open = BorrowedFile(number)
    try file.forEachRun(at: contentOffset, byteCount: place.count) {
      (fileOffset, start, count) throws(CairnError) in
      guard isThere, fileOffset + UInt64(count) <= existing.size else {
        isThere = false
        return
      }
      let part = UnsafeMutableRawBufferPointer(rebasing: place[start..<start + count])
      let got = try open.using { (open) throws(CairnError) in
        try open.readFully(into: part, at: fileOffset)
      }
      if got < count { isThere = false }
    }
    return isThere
  }

  private func flush(_ window: RestoreWindow) {
    guard !chunks.isEmpty else { return }
    while ids.count < chunks.count { ids.append(ChunkID(Digest())) }
    chunks.withUnsafeBufferPointer { chunks in
      ids.withUnsafeMutableBufferPointer { hasher.hash(chunks, into: $0.baseAddress!) }
    }
    for (position, id) in zip(positions, ids) where window.placements[position].id == id {
      window.isInPlace[position] = true
      let byteCount = Int(window.placements[position].byteCount)
      target.log.add(.bytesUnchanged, byteCount)
      target.log.progress.byteCount.add(byteCount)
    }
    chunks.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
    used = 0
  }
}
