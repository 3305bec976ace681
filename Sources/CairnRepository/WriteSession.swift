package import CairnCore
internal import CairnCrypto
package import CairnFormat
package import CairnIndex
internal import CairnObjectStore
internal import CairnSystem
internal import Synchronization

/// One writer's visit to a repository: it holds a lease, stores chunks, and ends by committing a
/// snapshot or by keeping what was stored for the next time.
///
/// It owns the order of truth: packs durable → index segment durable → snapshot → ledger.
package final class WriteSession: Sendable {
  /// Packs that are durable, on their way into a segment and then into the local index.
  private struct Pending {
    /// Not in a segment yet.
    var packs: [PackRecord] = []
    var chunkCount = 0
    /// In a segment, not in the local index yet.
    var segments: [(name: ObjectName, packs: [PackRecord])] = []
    var segmentChunkCount = 0
    var lastSegment = MonotonicClock.nanoseconds
  }

  package struct Totals: Sendable {
    /// Bytes added to the store: packs and segments.
    package var storedByteCount: UInt64 = 0
    package var newChunkCount: UInt64 = 0
    package var newByteCount: UInt64 = 0
  }

  /// A segment is written when its packs hold so many chunks ...
  private static let chunksPerSegment = 1 << 18
  /// ... or when the oldest of them has waited so long: what a crash can make unreachable.
  private static let segmentNanoseconds: Int64 = 30_000_000_000
  /// Segments are applied to the local index when they hold so many chunks, else at the end.
  private static let chunksPerIndexBatch = 1 << 19
  private static let sinkThreadCount = 2

  package let repository: Repository
  package let progress: Progress
  private let lease: Lease
  private let claims = ClaimTable()
  private let sinkBox: Mutex<PackSink?>
  private let pending = Mutex(Pending())
  private let totals = Mutex(Totals())

  /// Begins a session: takes a lease (`busy` while a prune runs) and starts the threads that write
  /// packs. `writerCount`: pack writers that will be open at once.
  package init(
    _ repository: Repository, operation: String, writerCount: Int, progress: Progress
  ) throws(CairnError) {
    self.repository = repository
    self.progress = progress
    sinkBox = Mutex(nil)
    lease = try Lease.acquire(.shared, for: operation, in: repository)
    do throws(CairnError) {
      // Whatever others stored until now need not be stored again.
      try repository.refreshIndex()
      let sink = try PackSink(
        store: repository.store, bufferByteCount: PackWriter.bufferByteCount(repository.config),
        bufferCount: writerCount + WriteSession.sinkThreadCount + 2,
        threadCount: WriteSession.sinkThreadCount, progress: progress
      ) { [weak self] (record) throws(CairnError) in
        try self?.noteCommitted(record)
      }
      sinkBox.withLock { $0 = sink }
    } catch {
      try lease.release()
      throw error
    }
  }

  private var sink: PackSink {
    guard let sink = sinkBox.withLock({ $0 }) else { preconditionFailure("the session is over") }
    return sink
  }

  package func makePackWriter(_ kind: ChunkKind) -> PackWriter {
    PackWriter(sink: sink, keys: repository.keys, kind: kind, config: repository.config)
  }

  /// `true` when nobody has stored or claimed the chunk: then the caller must store it.
  package func claim(_ id: ChunkID, index: IndexReader) throws(CairnError) -> Bool {
    var isNew = true
    try withUnsafePointer(to: id) { (id) throws(CairnError) in
      try withUnsafeMutablePointer(to: &isNew) { (isNew) throws(CairnError) in
        var location = ChunkLocation()
        try claim(
          UnsafeBufferPointer(start: id, count: 1),
          isNew: UnsafeMutableBufferPointer(start: isNew, count: 1), index: index,
          scratch: &location)
      }
    }
    return isNew
  }

  /// Looks up a batch and claims what is new: `isNew` tells for each chunk whether the caller must
  /// store it. `scratch` has room for as many locations.
  package func claim(
    _ ids: UnsafeBufferPointer<ChunkID>, isNew: UnsafeMutableBufferPointer<Bool>,
    index: IndexReader, scratch: UnsafeMutablePointer<ChunkLocation>
  ) throws(CairnError) {
    repeat {
      let epoch = claims.epoch
      _ = try index.lookup(ids, into: scratch)
      for position in 0..<ids.count { isNew[position] = !scratch[position].isKnown }
      if claims.claim(ids, unknown: isNew, lookedUpIn: epoch) { return }
    } while true
  }

  /// Whether the repository has the chunk or this session will store it.
  package func has(_ id: ChunkID, index: IndexReader) throws(CairnError) -> Bool {
    if try index.contains(id) { return true }
    return claims.contains(id) ? true : try index.contains(id)
  }

  package func countNewChunk(byteCount: Int) {
    totals.withLock { totals in
      totals.newChunkCount += 1
      totals.newByteCount += UInt64(byteCount)
    }
    progress.newByteCount.add(byteCount)
  }

  package func countNewChunks(_ count: Int, byteCount: Int) {
    totals.withLock { totals in
      totals.newChunkCount += UInt64(count)
      totals.newByteCount += UInt64(byteCount)
    }
    progress.newByteCount.add(byteCount)
  }

  /// On a thread of the sink: a pack is durable.
  private func noteCommitted(_ record: PackRecord) throws(CairnError) {
    totals.withLock { $0.storedByteCount += record.byteCount }
    let isDue = pending.withLock { pending in
      pending.packs.append(record)
      pending.chunkCount += record.table.chunks.count
      return pending.chunkCount >= WriteSession.chunksPerSegment
        || MonotonicClock.nanoseconds - pending.lastSegment >= WriteSession.segmentNanoseconds
    }
    if isDue { try writeSegment() }
  }

  /// Writes an index segment of the packs that are in none yet, and applies segments to the local
  /// index when enough have come together or `applyAll` is set.
  private func writeSegment(applyAll: Bool = false) throws(CairnError) {
    let packs = pending.withLock { pending in
      defer {
        pending.packs = []
        pending.chunkCount = 0
        pending.lastSegment = MonotonicClock.nanoseconds
      }
      return pending.packs
    }
    if !packs.isEmpty {
      let content = IndexSegment.encode(packs)
      let name = try repository.vault.write(content, to: .index, kind: .segment)
      totals.withLock { $0.storedByteCount += UInt64(content.count) }
      pending.withLock { pending in
        pending.segments.append((name, packs))
        pending.segmentChunkCount += packs.reduce(0) { $0 + $1.table.chunks.count }
      }
    }
    let batch = pending.withLock { pending -> [(name: ObjectName, packs: [PackRecord])] in
      guard applyAll || pending.segmentChunkCount >= WriteSession.chunksPerIndexBatch else {
        return []
      }
      defer {
        pending.segments = []
        pending.segmentChunkCount = 0
      }
      return pending.segments
    }
    if !batch.isEmpty {
      try repository.index.apply(batch)
      if !applyAll {
        claims.remove(batch.lazy.flatMap(\.packs).flatMap(\.table.chunks).map(\.id))
      }
    }
  }

  /// Waits until all packs handed in are durable and in an index segment. The pack writers must
  /// have finished. The session can only be committed or closed after.
  private func flush() throws(CairnError) {
    let sink = self.sink
    try sink.drain()
    sinkBox.withLock { $0 = nil }
    try writeSegment(applyAll: true)
  }

  /// Makes everything durable, then the snapshot that `compose` makes of the totals, the
  /// generation and the ledger before it. Ends the session.
  package func commit(
    _ compose: (Totals, _ generation: UInt64, _ previous: ObjectName?) -> SnapshotRecord
  ) throws(CairnError) -> Snapshot {
    do throws(CairnError) {
      try flush()
      try lease.check()
      let ledger = repository.ledger
      let state = try ledger.load()
      let orphans = try findUnlisted(state)
      let record = compose(totals.withLock { $0 }, state.generation + 1, state.head)
      let name = try repository.vault.write(
        try JSONRecord.encode(record), to: .snapshots, kind: .snapshot)
      try ledger.advance(
        from: state, addingSnapshots: orphans + [name], now: repository.clock.now)
      try lease.release()
      return Snapshot(name: name, record: record)
    } catch {
      try abandon(after: error)
    }
  }

  /// Snapshots whose writer was stopped before it could enter them in the ledger; they are whole,
  /// and this session enters them.
  private func findUnlisted(_ state: Ledger.State) throws(CairnError) -> [ObjectName] {
    var unlisted: [ObjectName] = []
    for (key, _) in try repository.store.list(.snapshots) {
      guard let name = key.objectName, !state.merged.snapshots.contains(name),
        !state.isRemoved(name)
      else { continue }
      do throws(CairnError) {
        _ = try repository.catalog.read(name)
        unlisted.append(name)
      } catch  where error.code == .damaged || error.code == .notFound {
        continue  // verify reports it
      }
    }
    return unlisted
  }

  /// Ends the session without a snapshot, keeping what was stored: the next run finds it.
  package func close() throws(CairnError) {
    do throws(CairnError) {
      try flush()
      try lease.release()
    } catch {
      try abandon(after: error)
    }
  }

  package var currentTotals: Totals { totals.withLock { $0 } }

  /// Ends the session after a failure: packs under way are given up. Throws `error` again.
  package func abandon(after error: CairnError) throws(CairnError) -> Never {
    if let sink = sinkBox.withLock({ $0.take() }) { sink.cancel() }
    do throws(CairnError) {
      try lease.release()
    } catch {
      // A lease that can't be deleted now dies with this process.
    }
    throw error
  }
}
