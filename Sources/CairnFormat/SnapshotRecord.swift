package import CairnCore

/// One backup: what was saved, when, from where, and the root of its tree. Sealed JSON; the name
/// of the object is the snapshot's id.
package struct SnapshotRecord: Hashable, Sendable, Codable {
  package struct Root: Hashable, Sendable, Codable {
    package var page: ChunkID
    package var level: Int
    package var entryCount: UInt64
    package var byteCount: UInt64
  }

  /// A source that could not be read, or not wholly.
  package struct Problem: Hashable, Sendable, Codable {
    package var path: ByteText
    package var reason: String

    package init(path: [UInt8], reason: String) {
      self.path = ByteText(path)
      self.reason = reason
    }
  }

  package struct Statistics: Hashable, Sendable, Codable {
    package var files: UInt64 = 0
    package var directories: UInt64 = 0
    package var others: UInt64 = 0
    package var filesNew: UInt64 = 0
    package var filesChanged: UInt64 = 0
    package var filesUnchanged: UInt64 = 0
    /// Apparent size of all files.
    package var bytes: UInt64 = 0
    /// Content read from the source.
    package var bytesRead: UInt64 = 0
    /// Content that was new, before compression.
    package var bytesNew: UInt64 = 0
    /// Bytes this backup added to the store.
    package var bytesStored: UInt64 = 0
    package var chunksNew: UInt64 = 0
    package var problems: UInt64 = 0

    package init() {}
  }

  package static let problemCountMax = 1000

  package var version: Int
  /// When the backup began, or what the user wants recorded instead.
  package var time: Timestamp
  /// When the walk really began, by this machine's clock. A file that changed later, or a clock
  /// tick before, may have changed once more after it was read without its times showing it: the
  /// next backup reads it again.
  package var started: Timestamp
  /// When it was committed.
  package var completed: Timestamp
  package var host: String
  package var user: String
  /// Absolute source paths (or the name given to a stream).
  package var paths: [ByteText]
  package var tags: [String]
  package var excludes: [String]
  package var root: Root
  /// The snapshot unchanged files were taken from.
  package var parent: ObjectName?
  /// Grows by one with each change of the list of snapshots.
  package var generation: UInt64
  /// The ledger record that described the list before this snapshot: with it, the list can't be
  /// shortened unnoticed.
  package var previous: ObjectName?
  package var program: String
  package var statistics: Statistics
  /// The first of the sources that could not be read; ``Statistics/problems`` counts them all.
  package var problems: [Problem]

  package init(
    time: Timestamp, started: Timestamp, completed: Timestamp, host: String, user: String,
    paths: [ByteText],
    tags: [String], excludes: [String], root: DirectoryContent, parent: ObjectName?,
    generation: UInt64, previous: ObjectName?, program: String, statistics: Statistics,
    problems: [Problem]
  ) {
    version = 1
    self.time = time
    self.started = started
    self.completed = completed
    self.host = host
    self.user = user
    self.paths = paths
    self.tags = tags
    self.excludes = excludes
    self.root = Root(
      page: root.root, level: Int(root.level), entryCount: root.entryCount,
      byteCount: root.byteCount)
    self.parent = parent
    self.generation = generation
    self.previous = previous
    self.program = program
    self.statistics = statistics
    self.problems = problems
  }

  /// The root as a directory; `damaged` when its level is impossible.
  package func directory() throws(CairnError) -> DirectoryContent {
    guard (0...TreePage.levelMax).contains(root.level) else {
      throw CairnError.damaged("snapshot names a root of an impossible level")
    }
    return DirectoryContent(
      root: root.page, level: UInt8(root.level), entryCount: root.entryCount,
      byteCount: root.byteCount)
  }

  /// Whether every source was read wholly.
  package var isComplete: Bool { statistics.problems == 0 }
}
