internal import CairnCore
internal import CairnFormat
internal import CairnSystem

/// An open source directory that files of several batches are opened in; it is closed when the
/// last of them is done.
final class SourceDirectory: Sendable {
  let descriptor: FileDescriptor
  /// For messages, and for files that can only be named by their path.
  let path: [UInt8]

  init(_ descriptor: consuming FileDescriptor, path: [UInt8]) {
    self.descriptor = descriptor
    self.path = path
  }

  func path(of name: [UInt8]) -> [UInt8] {
    path.last == UInt8(ascii: "/") ? path + name : path + [UInt8(ascii: "/")] + name
  }
}

/// A small file that a worker is to read.
struct FileTask {
  var directory: SourceDirectory
  var name: [UInt8]
  /// As the walk saw it.
  var status: FileStatus
  var isNew: Bool

  /// Filled in by the worker: the file's node (`nil` when it could not be read) and which of the
  /// batch's chunks are its content.
  var node: Node?
  var firstChunk = 0
  var chunkCount = 0
}

/// What the walk came across, in its order; the assembler builds trees from it.
enum SourceEvent {
  /// A directory begins; its content follows up to the matching `leave`.
  case enter(Node)
  case leave
  /// An entry that is complete.
  case node(Node)
  /// An entry that is as it was in the parent snapshot: its record in the batch's `records`.
  case unchanged(recordStart: Int, recordByteCount: Int, nameByteCount: Int, size: UInt64)
  /// A small file, by its place in the batch's `tasks`.
  case file(task: Int)
  /// Chunks of the large file that is being read.
  case part(firstChunk: Int, chunkCount: Int)
  /// The large file could not be read on: its parts don't count.
  case abandoned
  /// The large file ends; its content is all parts since the last entry.
  case largeFile(Node)
}

/// The unit of work: events, and a few MiB of content that is cut, hashed, looked up and stored
/// together. One thread has it at a time.
final class Batch: @unchecked Sendable {
  // Unchecked: handed from thread to thread through queues, never shared.
  let sequence: Int
  /// Content that the walk read itself (large files, streams), chunks back to back from the start.
  var arena: AlignedBuffer?
  /// Lengths of the chunks in the arena, then of those the worker adds.
  var lengths: [UInt32] = []
  var ids: [ChunkID] = []
  var events: [SourceEvent] = []
  var tasks: [FileTask] = []
  var records: [UInt8] = []
  /// Content the tasks are expected to bring, bytes.
  var plannedByteCount = 0
  var directoryCount = 0

  init(sequence: Int) {
    self.sequence = sequence
  }

  var isEmpty: Bool { events.isEmpty }
}

/// Sizes of the pipeline. Its memory: arenas × (queue + workers), and the pack buffers of the
/// session.
enum PipelineLimits {
  /// Room for at least 32 chunks of the average size, so that all lanes of the hash kernel stay
  /// busy; small enough that hashing finds the data in the cache that reading left it in.
  static let arenaByteCount = 4 << 20
  /// Larger files are read by the walk itself, part by part.
  static let smallFileByteCountMax = 512 << 10
  static let tasksPerBatch = 512
  static let eventsPerBatch = 4096
  /// Open directories a batch may hold on to.
  static let directoriesPerBatch = 64
  /// Batches between the walk and the assembler: bounds open directories and pending events.
  static let batchesInFlight = 16
}
