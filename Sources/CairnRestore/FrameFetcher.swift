internal import CairnCore
internal import CairnCrypto
internal import CairnFormat
internal import CairnIndex
internal import CairnObjectStore
internal import CairnRepository
internal import CairnSystem
internal import Synchronization

/// Reads runs of frames and writes their chunks to every place that wants them. One for each
/// worker.
final class FrameFetcher {
  private let repository: Repository
  private let target: RestoreTarget
  private let hasher: ChunkHasher
  private let index: IndexReader
  private let opener: FrameOpener
  /// For the other copies of damaged chunks.
  private lazy var chunkReader = ChunkReader(repository, cacheByteCountMax: 4 << 20)
  private var stored = AlignedBuffer(capacity: 4 << 20)
  private var raw = AlignedBuffer(capacity: 2 << 20)
  private let writer = DirectWriter()
  private var chunks: [ScatteredChunk] = []
  private var ids: [ChunkID] = []
  /// For each placement of the frame at hand, whether its chunk is what was written.
  private var isSound: [Bool] = []

  init(repository: Repository, target: RestoreTarget, hasher: ChunkHasher, index: IndexReader) {
    self.repository = repository
    self.target = target
    self.hasher = hasher
    self.index = index
    opener = FrameOpener(keys: repository.keys)
  }

  func fetch(_ run: RestoreWindow.Run, of window: RestoreWindow) throws(CairnError) {
    try target.cancellation.check()
    let range = run.start..<run.start + run.count
    let pack: PackEntry
    let offset: UInt64
    do throws(CairnError) {
      (pack, offset) = try read(run, of: window)
    } catch  where error.isStoreDamage {
      // The chunks may have copies elsewhere.
      isSound = [Bool](repeating: false, count: run.count)
      return try write(range, window)
    }
    var start = range.lowerBound
    while start < range.upperBound {
      let frame = window.placements[start].frame
      var next = start + 1
      while next < range.upperBound, window.placements[next].frame == frame { next += 1 }
      let place = stored.pointer + Int(pack.frameOffsets[Int(frame)] - offset)
      try fetch(start..<next, frame: Int(frame), of: pack, at: place, window)
      start = next
    }
  }

  /// Reads the frames of a run; returns their pack and where in it they begin.
  private func read(
    _ run: RestoreWindow.Run, of window: RestoreWindow
  ) throws(CairnError) -> (PackEntry, UInt64) {
    guard run.pack != 0, let pack = try index.pack(run.pack), pack.kind == .data else {
      throw CairnError.damaged("the chunk's pack is not in the index")
    }
    let first = Int(window.placements[run.start].frame)
    let last = Int(window.placements[run.start + run.count - 1].frame)
    guard last < pack.frames.count else {
      throw CairnError.damaged("a chunk lies in a frame that its pack does not have")
    }
    let offset = pack.frameOffsets[first]
    let byteCount = Int(
      pack.frameOffsets[last] + UInt64(pack.frames[last].storedByteCount) - offset)
    if stored.capacity < byteCount { stored = AlignedBuffer(capacity: byteCount) }
    try repository.store.read(
      ObjectKey(.packs, pack.name), at: UInt64(PackHeader.byteCount) + offset,
      into: UnsafeMutableRawBufferPointer(start: stored.pointer, count: byteCount))
    return (pack, offset)
  }

  private func fetch(
    _ range: Range<Int>, frame number: Int, of pack: PackEntry, at place: UnsafeMutableRawPointer,
    _ window: RestoreWindow
  ) throws(CairnError) {
    try target.cancellation.check()
    let frame = pack.frames[number]
    if raw.capacity < Int(frame.rawByteCount) {
      raw = AlignedBuffer(capacity: Int(frame.rawByteCount))
    }
    raw.byteCount = Int(frame.rawByteCount)
    isSound.removeAll(keepingCapacity: true)
    do throws(CairnError) {
      try opener.open(
        frame, index: number, pack: pack.name, salt: pack.salt, kind: .data,
        stored: UnsafeMutableRawBufferPointer(start: place, count: Int(frame.storedByteCount)),
        raw: UnsafeMutableRawBufferPointer(start: raw.pointer, count: raw.byteCount))
      check(range, window)
    } catch  where error.code == .damaged {
      isSound.append(contentsOf: repeatElement(false, count: range.count))
    }
    try write(range, window)
  }

  /// Names the chunks of the frame that are wanted and compares the names.
  private func check(_ range: Range<Int>, _ window: RestoreWindow) {
    chunks.removeAll(keepingCapacity: true)
    for position in range {
      let placement = window.placements[position]
      let end = Int(placement.offsetInFrame) + Int(placement.byteCount)
      chunks.append(
        ScatteredChunk(
          end <= raw.byteCount
            ? UnsafeRawBufferPointer(rebasing: raw.filled[Int(placement.offsetInFrame)..<end])
            : UnsafeRawBufferPointer(start: nil, count: 0)))
    }
    while ids.count < chunks.count { ids.append(ChunkID(Digest())) }
    chunks.withUnsafeBufferPointer { chunks in
      ids.withUnsafeMutableBufferPointer { hasher.hash(chunks, into: $0.baseAddress!) }
    }
    for (number, position) in range.enumerated() {
      isSound.append(ids[number] == window.placements[position].id)
    }
  }

  /// Writes the placements of `range`, whose bytes lie in `raw` where they are sound. Those of one
  /// file follow one another.
  private func write(_ range: Range<Int>, _ window: RestoreWindow) throws(CairnError) {
    var start = range.lowerBound
    while start < range.upperBound {
      let number = window.placements[start].file
      var end = start + 1
      while end < range.upperBound, window.placements[end].file == number { end += 1 }
      let file = window.spans[Int(number)].file
      try write(start..<end, of: file, firstOfFrame: range.lowerBound, window)
      start = end
    }
  }

  private func write(
    _ group: Range<Int>, of file: TargetFile, firstOfFrame: Int, _ window: RestoreWindow
  ) throws(CairnError) {
    if file.hasFailed {
      if file.dropPending(group.count) { try target.finish(file) }
      return
    }
    let isAlone = file.pending == group.count
    if isAlone, file.state.withLock({ $0.existing == nil && !$0.isCreated }) {
      let failure = repairIfNeeded(group, firstOfFrame: firstOfFrame)
      _ = file.dropPending(group.count)
      if failure {
        try writePieces(group, of: file, firstOfFrame, window)
        return try target.finish(file)
      }
      return try target.restoreWhole(file) { (number) throws(CairnError) in
        try writeSound(group, of: file, to: number, firstOfFrame, window)
      }
    }
    try writePieces(group, of: file, firstOfFrame, window)
    if file.dropPending(group.count) { try target.finish(file) }
  }

  /// Whether a chunk of the group is not sound.
  private func repairIfNeeded(_ group: Range<Int>, firstOfFrame: Int) -> Bool {
    group.contains { !isSound[$0 - firstOfFrame] }
  }

  /// Writes to a file that gets pieces from several frames, or whose chunks need their copies.
  private func writePieces(
    _ group: Range<Int>, of file: TargetFile, _ firstOfFrame: Int, _ window: RestoreWindow
  ) throws(CairnError) {
    do throws(CairnError) {
      if !group.contains(where: { !isSound[$0 - firstOfFrame] }) {
        try using(file) { (number) throws(CairnError) in
          try writeSound(group, of: file, to: number, firstOfFrame, window)
        }
        return
      }
      for position in group {
        let placement = window.placements[position]
        if isSound[position - firstOfFrame] {
          try using(file) { (number) throws(CairnError) in
            try writeSound(position..<position + 1, of: file, to: number, firstOfFrame, window)
          }
        } else {
          try writeCopy(placement, of: file)
        }
      }
    } catch {
      // What the store refuses other than for damage ends the restore.
      if error.endsRestore { throw error.within(file.path.displayText) }
      file.fail(error)
    }
  }

  private func writeCopy(_ placement: Placement, of file: TargetFile) throws(CairnError) {
    do throws(CairnError) {
      try chunkReader.read(placement.id, kind: .data) { (bytes) throws(CairnError) in
        guard bytes.count == Int(placement.byteCount) else {
          throw CairnError.damaged("chunk \(placement.id) is not as long as its file says")
        }
        try using(file) { (number) throws(CairnError) in
          try target.write(bytes, at: placement.contentOffset, of: file, to: number, by: writer)
          target.log.progress.byteCount.add(bytes.count)
        }
      }
    } catch  where error.isStoreDamage {
      throw CairnError.damaged(error.message)
    }
  }

  private func using(
    _ file: TargetFile, _ body: (Int32) throws(CairnError) -> Void
  ) throws(CairnError) {
    let number = try target.openForWriting(file)
    defer { target.files.release(file) }
    file.state.withLock { $0.isTouched = true }
    try body(number)
  }

  /// Writes chunks of the frame at hand; those that lie together in frame and file with one call.
  private func writeSound(
    _ group: Range<Int>, of file: TargetFile, to number: Int32, _ firstOfFrame: Int,
    _ window: RestoreWindow
  ) throws(CairnError) {
    var position = group.lowerBound
    while position < group.upperBound {
      let first = window.placements[position]
      var byteCount = Int(first.byteCount)
      position += 1
      while position < group.upperBound {
        let next = window.placements[position]
        guard Int(next.offsetInFrame) == Int(first.offsetInFrame) + byteCount,
          next.contentOffset == first.contentOffset + UInt64(byteCount)
        else { break }
        byteCount += Int(next.byteCount)
        position += 1
      }
      let bytes = UnsafeRawBufferPointer(
        start: raw.pointer + Int(first.offsetInFrame), count: byteCount)
      try target.write(bytes, at: first.contentOffset, of: file, to: number, by: writer)
      target.log.progress.byteCount.add(byteCount)
    }
  }
}
