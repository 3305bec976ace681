internal import CairnCore
internal import CairnFormat
internal import CairnSystem

/// Collects what the walk finds into batches and submits them when they are full.
final class BatchBuilder {
  private let pipeline: Pipeline
  private(set) var batch = Batch(sequence: 0)
  private var batchCount = 0
  private var lastDirectory: ObjectIdentifier?

  init(pipeline: Pipeline) {
    self.pipeline = pipeline
  }

  /// Batches submitted so far.
  var submittedCount: Int { batchCount }

  func append(_ event: SourceEvent) throws(CairnError) {
    batch.events.append(event)
    if batch.events.count >= PipelineLimits.eventsPerBatch { try submit() }
  }

  /// Appends an entry that is as the parent snapshot has it.
  func append(unchanged summary: NodeSummary) throws(CairnError) {
    let start = batch.records.count
    batch.records.append(contentsOf: summary.record)
    try append(
      .unchanged(
        recordStart: start, recordByteCount: summary.record.count,
        nameByteCount: summary.name.count, size: summary.type == .regular ? summary.size : 0))
  }

  /// Appends a small file for a worker to read.
  func append(_ task: FileTask) throws(CairnError) {
    let byteCount = Int(task.status.size)
    let room = PipelineLimits.arenaByteCount - (batch.arena?.byteCount ?? 0)
    let directory = ObjectIdentifier(task.directory)
    if batch.plannedByteCount + byteCount + 1 > room
      || batch.tasks.count >= PipelineLimits.tasksPerBatch
      || (directory != lastDirectory && batch.directoryCount >= PipelineLimits.directoriesPerBatch)
    {
      try submit()
    }
    if directory != lastDirectory || batch.directoryCount == 0 {
      batch.directoryCount += 1
      lastDirectory = directory
    }
    batch.plannedByteCount += byteCount
    batch.tasks.append(task)
    try append(.file(task: batch.tasks.count - 1))
  }

  /// The arena to read a large file into, behind what is in it.
  func arena() throws(CairnError) -> AlignedBuffer {
    if batch.plannedByteCount > 0 { try submit() }
    if let arena = batch.arena {
      if arena.byteCount < arena.capacity { return arena }
      try submit()
    }
    let arena = try pipeline.arenas.take()
    batch.arena = arena
    return arena
  }

  /// Submits the batch and goes on in a new one whose arena begins with the last `tailByteCount`
  /// bytes of this one's.
  func submit(carrying tailByteCount: Int) throws(CairnError) -> AlignedBuffer {
    guard let full = batch.arena else { preconditionFailure("a large file is being read") }
    let next = try pipeline.arenas.take()
    full.byteCount -= tailByteCount
    next.pointer.copyMemory(from: full.pointer + full.byteCount, byteCount: tailByteCount)
    next.byteCount = tailByteCount
    try submit()
    batch.arena = next
    return next
  }

  func submit() throws(CairnError) {
    guard !batch.isEmpty || batch.arena != nil else { return }
    let full = batch
    batchCount += 1
    batch = Batch(sequence: batchCount)
    lastDirectory = nil
    try pipeline.submit(full)
  }
}
