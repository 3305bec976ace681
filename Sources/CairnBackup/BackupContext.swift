internal import CairnChunking
internal import CairnCore
internal import CairnCrypto
internal import CairnFormat
internal import CairnRepository
internal import CairnSystem
internal import Synchronization

/// What the stages of one backup share.
struct BackupContext: Sendable {
  let repository: Repository
  let options: BackupOptions
  /// `nil` on a dry run.
  let session: WriteSession?
  /// Stands in for the session's claims on a dry run.
  let dryClaims: ClaimTable?
  let chunker: Chunker
  let hasher: ChunkHasher
  let nodes = NodeFactory()
  let log: ProblemLog
  let counters = BackupCounters()
  let progress: Progress
  let cancellation: Cancellation

  init(
    _ options: BackupOptions, _ repository: Repository, session: WriteSession?,
    progress: Progress, cancellation: Cancellation
  ) throws(CairnError) {
    self.repository = repository
    self.options = options
    self.session = session
    dryClaims = session == nil ? ClaimTable() : nil
    let config = repository.config.chunker
    chunker = try Chunker(
      parameters: ChunkerParameters(
        minByteCount: config.minByteCount, averageByteCount: config.averageByteCount,
        maxByteCount: config.maxByteCount, normalizationLevel: config.normalization),
      secret: repository.keys.chunkerSecret.withUnsafeBytes { [UInt8]($0) })
    hasher = try ChunkHasher(
      key: repository.keys.chunkIDKey(.data).withUnsafeBytes { [UInt8]($0) })
    log = ProblemLog(progress: progress)
    self.progress = progress
    self.cancellation = cancellation
  }
}

/// Counts of a running backup, added to by all its threads.
final class BackupCounters: Sendable {
  let files = Atomic<Int>(0)
  let directories = Atomic<Int>(0)
  let others = Atomic<Int>(0)
  let filesNew = Atomic<Int>(0)
  let filesChanged = Atomic<Int>(0)
  let filesUnchanged = Atomic<Int>(0)
  let bytes = Atomic<Int>(0)
  let bytesRead = Atomic<Int>(0)
  let newDataBytes = Atomic<Int>(0)
  let dryNewChunks = Atomic<Int>(0)

  /// A file that was read: `byteCount` bytes of content.
  func countFile(isNew: Bool, byteCount: Int, size: Int? = nil) {
    files.add(1)
    if isNew { filesNew.add(1) } else { filesChanged.add(1) }
    bytes.add(size ?? byteCount)
    bytesRead.add(byteCount)
  }

  func countUnchangedFile(size: Int) {
    files.add(1)
    filesUnchanged.add(1)
    bytes.add(size)
  }

  func statistics(_ log: ProblemLog) -> SnapshotRecord.Statistics {
    var statistics = SnapshotRecord.Statistics()
    statistics.files = UInt64(files.value)
    statistics.directories = UInt64(directories.value)
    statistics.others = UInt64(others.value)
    statistics.filesNew = UInt64(filesNew.value)
    statistics.filesChanged = UInt64(filesChanged.value)
    statistics.filesUnchanged = UInt64(filesUnchanged.value)
    statistics.bytes = UInt64(bytes.value)
    statistics.bytesRead = UInt64(bytesRead.value)
    statistics.bytesNew = UInt64(newDataBytes.value)
    statistics.chunksNew = UInt64(dryNewChunks.value)
    statistics.problems = log.problemCount
    return statistics
  }
}
