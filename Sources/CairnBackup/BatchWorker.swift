internal import CairnChunking
internal import CairnCore
internal import CairnCrypto
internal import CairnFormat
internal import CairnIndex
internal import CairnRepository
internal import CairnSystem

/// Takes batches through reading, cutting, hashing, look-up and storing. One per thread.
final class BatchWorker {
  private let chunker: Chunker
  private let hasher: ChunkHasher
  private let index: IndexReader
  /// `nil` on a dry run.
  private let session: WriteSession?
  private let gatherer: FrameGatherer?
  private let dryClaims: ClaimTable?
  private let nodes: NodeFactory
  private let log: ProblemLog
  private let progress: Progress
  private let counters: BackupCounters
  /// For the files of batches that bring no content of their own.
  private let ownArena = AlignedBuffer(capacity: PipelineLimits.arenaByteCount)
  private var isNew: [Bool] = []
  private var locations: [ChunkLocation] = []

  init(_ context: BackupContext) throws(CairnError) {
    chunker = context.chunker
    hasher = context.hasher
    index = context.repository.index.makeReader()
    session = context.session
    gatherer = context.session.map {
      FrameGatherer(writer: $0.makePackWriter(.data), config: context.repository.config)
    }
    dryClaims = context.dryClaims
    nodes = context.nodes
    log = context.log
    progress = context.progress
    counters = context.counters
  }

  func process(_ batch: Batch) throws(CairnError) {
    let arena = batch.arena ?? ownArena
    if batch.arena == nil { arena.byteCount = 0 }
    for task in batch.tasks.indices {
      read(&batch.tasks[task], into: arena, lengths: &batch.lengths)
    }
    guard !batch.lengths.isEmpty else { return }
    let count = batch.lengths.count
    batch.ids = [ChunkID](unsafeUninitializedCapacity: count) { ids, initialized in
      batch.lengths.withUnsafeBufferPointer {
        hasher.hash(arena.pointer, lengths: $0, into: ids.baseAddress!)
      }
      initialized = count
    }
    if isNew.count < count {
      isNew = Array(repeating: false, count: count)
      locations = Array(repeating: ChunkLocation(), count: count)
    }
    try store(batch, arena)
  }

  private func store(_ batch: Batch, _ arena: AlignedBuffer) throws(CairnError) {
    let count = batch.lengths.count
    let result: Result<Void, CairnError> = batch.ids.withUnsafeBufferPointer { ids in
      batch.lengths.withUnsafeBufferPointer { lengths in
        isNew.withUnsafeMutableBufferPointer { flags in
          locations.withUnsafeMutableBufferPointer { scratch in
            let isNew = UnsafeMutableBufferPointer(rebasing: flags[..<count])
            do throws(CairnError) {
              try claim(ids, isNew, scratch.baseAddress!)
              tally(lengths, isNew)
              try gatherer?.store(
                arena.pointer, lengths: lengths, ids: ids, isNew: UnsafeBufferPointer(isNew))
              return .success(())
            } catch {
              return .failure(error)
            }
          }
        }
      }
    }
    try result.get()
  }

  private func claim(
    _ ids: UnsafeBufferPointer<ChunkID>, _ isNew: UnsafeMutableBufferPointer<Bool>,
    _ scratch: UnsafeMutablePointer<ChunkLocation>
  ) throws(CairnError) {
    if let session {
      try session.claim(ids, isNew: isNew, index: index, scratch: scratch)
    } else if let dryClaims {
      _ = try index.lookup(ids, into: scratch)
      for position in ids.indices { isNew[position] = !scratch[position].isKnown }
      _ = dryClaims.claim(ids, unknown: isNew, lookedUpIn: dryClaims.epoch)
    }
  }

  private func tally(
    _ lengths: UnsafeBufferPointer<UInt32>, _ isNew: UnsafeMutableBufferPointer<Bool>
  ) {
    var newCount = 0
    var newByteCount = 0
    for position in lengths.indices where isNew[position] {
      newCount += 1
      newByteCount += Int(lengths[position])
    }
    counters.newDataBytes.add(newByteCount)
    if let session {
      session.countNewChunks(newCount, byteCount: newByteCount)
    } else {
      counters.dryNewChunks.add(newCount)
      progress.newByteCount.add(newByteCount)
    }
  }

  /// Writes what is left, at the end.
  func finish() throws(CairnError) {
    try gatherer?.finish()
  }

  // MARK: Small files

  private static let attemptCountMax = 3

  /// Reads a small file to the end of the arena and cuts it. A file that changes meanwhile is read
  /// again; one that keeps changing is taken as it was read last, and reported.
  private func read(_ task: inout FileTask, into arena: AlignedBuffer, lengths: inout [UInt32]) {
    let start = arena.byteCount
    do throws(CairnError) {
      let descriptor = try task.directory.descriptor.directory.open(
        RawPath(task.name), [.read, .keepingAccessTime])
      var byteCount = 0
      var isConsistent = false
      for attempt in 0..<BatchWorker.attemptCountMax where !isConsistent {
        let room = UnsafeMutableRawBufferPointer(rebasing: arena.bytes[start...])
        // One byte more than expected shows that the file has grown.
        let wanted = UnsafeMutableRawBufferPointer(
          rebasing: room[..<min(room.count, Int(task.status.size) + 1)])
        byteCount =
          attempt == 0
          ? try descriptor.readOnce(into: wanted) : try descriptor.readFully(into: wanted, at: 0)
        let after = try descriptor.status()
        isConsistent =
          byteCount == Int(task.status.size) && after.describesSameContent(as: task.status)
        if !isConsistent { task.status = after }
        guard after.type == .regular else {
          throw CairnError(.failed, "is no longer a regular file")
        }
        if Int(after.size) >= room.count { break }
      }
      byteCount = min(byteCount, Int(task.status.size))
      var node = try nodes.make(name: task.name, task.status, descriptor: descriptor)
      if !isConsistent {
        node.isInconsistent = true
        node.size = UInt64(byteCount)
        log.report(task.directory.path(of: task.name), "changed while it was read")
      }
      task.firstChunk = lengths.count
      let content = UnsafeRawBufferPointer(start: arena.pointer + start, count: byteCount)
      let covered = chunker.appendChunkLengths(of: content, isFinal: true, to: &lengths)
      precondition(covered == byteCount, "a whole file is cut to its end")
      task.chunkCount = lengths.count - task.firstChunk
      arena.byteCount = start + byteCount
      task.node = node
      counters.countFile(isNew: task.isNew, byteCount: byteCount)
      progress.itemCount.add(1)
      progress.byteCount.add(byteCount)
    } catch {
      arena.byteCount = start
      log.report(
        task.directory.path(of: task.name),
        error.code == .notFound ? "vanished while it was backed up" : error.reason)
    }
  }
}
