internal import CairnCore
internal import CairnFormat
internal import CairnIndex
internal import CairnSystem
internal import Synchronization

/// Turns what a window wants into runs of frames.
struct WindowPlan {
  /// Stored bytes read with one call.
  static let runByteCountMax: UInt64 = 4 << 20
  /// Unwanted bytes read along rather than beginning another call.
  static let gapByteCountMax: UInt64 = 128 << 10

  let index: IndexReader
  let target: RestoreTarget

  /// After comparing: decides what is written, finds where it lies, and sorts it.
  func make(_ window: RestoreWindow) throws(CairnError) {
    var wanted: [Placement] = []
    wanted.reserveCapacity(window.placements.count)
    for (number, span) in window.spans.enumerated() {
      let before = wanted.count
      collect(span, number: UInt32(number), from: window, into: &wanted)
      span.file.addPending(wanted.count - before)
      if !span.continues, span.file.dropPending(1) { window.finished.append(span.file) }
    }
    window.placements = wanted
    try locate(&window.placements)
    fail(window.placements, in: window)
    window.placements.sort { a, b in
      if a.frameKey != b.frameKey { return a.frameKey < b.frameKey }
      if a.file != b.file { return a.file < b.file }
      return a.contentOffset < b.contentOffset
    }
    try group(window)
  }

  /// Appends the placements of a span that have to be fetched.
  private func collect(
    _ span: RestoreWindow.Span, number: UInt32, from window: RestoreWindow,
    into wanted: inout [Placement]
  ) {
    let range = span.start..<span.start + span.count
    var takesAll = !span.file.mayExist
    if span.file.mayExist {
      takesAll = span.file.state.withLock { state in
        guard let existing = state.existing else { return true }
        if range.contains(where: { !window.isInPlace[$0] }) || existing.size != span.file.size
          || state.hasDataInHoles
        {
          state.differs = true
        }
        if target.isDryRun { return false }
        // What others may see under another name is not changed in place.
        if state.differs && (existing.linkCount > 1 || state.isReadOnly) {
          _ = target.files.take(span.file)
          state.existing = nil
          state.isReplacing = true
          return true
        }
        return false
      }
    }
    // In a dry run nothing is fetched.
    if target.isDryRun { return }
    for position in range where takesAll || !window.isInPlace[position] {
      var placement = window.placements[position]
      placement.file = number
      wanted.append(placement)
    }
  }

  /// Looks the chunks up, in the order of their ids: that takes the index half the time.
  private func locate(_ placements: inout [Placement]) throws(CairnError) {
    guard !placements.isEmpty else { return }
    var order = placements.indices.map {
      (key: placements[$0].id.digest.prefixWord.bigEndian, position: UInt32($0))
    }
    order.sort { $0.key < $1.key }
    var ids: [ChunkID] = []
    var locations = [ChunkLocation](repeating: ChunkLocation(), count: 4096)
    for start in stride(from: 0, to: order.count, by: 4096) {
      let part = order[start..<min(start + 4096, order.count)]
      ids.removeAll(keepingCapacity: true)
      for entry in part { ids.append(placements[Int(entry.position)].id) }
      try look(ids, into: &locations)
      for (entry, location) in zip(part, locations) {
        let position = Int(entry.position)
        // Of another length it is another chunk, or the index contradicts itself.
        guard location.isKnown, location.byteCount == placements[position].byteCount else {
          continue
        }
        placements[position].pack = location.packNumber
        placements[position].frame = location.frameIndex
        placements[position].offsetInFrame = location.offsetInFrame
      }
    }
  }

  private func look(
    _ ids: [ChunkID], into locations: inout [ChunkLocation]
  ) throws(CairnError) {
    let result: Result<Void, CairnError> = ids.withUnsafeBufferPointer { ids in
      locations.withUnsafeMutableBufferPointer { locations in
        do throws(CairnError) {
          _ = try index.lookup(ids, into: locations.baseAddress!)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
  }

  /// Files whose chunks are nowhere fail before anything of them is written.
  private func fail(_ placements: [Placement], in window: RestoreWindow) {
    for placement in placements where placement.pack == 0 {
      window.spans[Int(placement.file)].file.fail(
        .damaged("data chunk \(placement.id) is missing: no index segment has it"))
    }
  }

  /// Joins frames that lie close together in a pack.
  private func group(_ window: RestoreWindow) throws(CairnError) {
    let placements = window.placements
    var start = 0
    while start < placements.count {
      let pack = placements[start].pack
      let entry = pack == 0 ? nil : try index.pack(pack)
      var end = start
      var runStart: UInt64 = 0
      var runEnd: UInt64 = 0
      while end < placements.count, placements[end].pack == pack {
        let frame = Int(placements[end].frame)
        if let entry, frame < entry.frames.count {
          let offset = entry.frameOffsets[frame]
          let frameEnd = offset + UInt64(entry.frames[frame].storedByteCount)
          if end == start {
            runStart = offset
          } else if offset > runEnd + WindowPlan.gapByteCountMax
            || frameEnd - runStart > WindowPlan.runByteCountMax
          {
            break
          }
          runEnd = frameEnd
        }
        end += 1
      }
      window.runs.append(RestoreWindow.Run(pack: pack, start: start, count: end - start))
      start = end
    }
  }
}
