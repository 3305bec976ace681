package import CairnCore
package import CairnFormat
package import CairnRepository
package import CairnSystem

/// What to back up, and how.
package struct BackupOptions: Sendable {
  /// Absolute paths of files or directories.
  package var paths: [RawPath] = []
  package var filter = PathFilter()
  /// The patterns as the user gave them, for the record.
  package var excludeTexts: [String] = []
  /// Leaves out the content of directories with a valid `CACHEDIR.TAG`.
  package var excludesCaches = false
  /// Leaves out the content of directories that hold an entry of one of these names.
  package var excludeIfPresent: [String] = []
  /// Doesn't descend into other file systems.
  package var staysOnFileSystem = false
  package var tags: [String] = []
  package var host = ""
  package var user = ""
  /// Time to record instead of now.
  package var time: Timestamp?
  /// Reads and compares everything, stores nothing.
  package var isDryRun = false
  /// Reads every file, even those that look unchanged.
  package var rereadsAll = false
  /// Snapshot to compare with; `nil` means the newest of the same host and paths.
  package var parent: ObjectName?
  /// Threads that hash and compress; 0 means one a processor.
  package var workerCount = 0
  /// Name and version of the program.
  package var program = ""

  package init() {}
}

/// What a backup did.
package struct BackupReport: Sendable {
  /// `nil` after a dry run.
  package var snapshot: Snapshot?
  package var statistics: SnapshotRecord.Statistics
  /// The first of the sources that could not be read; the statistics count them all.
  package var problems: [SnapshotRecord.Problem]
  /// What was left out by design (sockets, caches, other file systems), for people.
  package var notes: [String]
  /// What is wrong with the list of snapshots; it doesn't keep a new one from being made.
  package var damage: [String]
  package var parent: ObjectName?
  package var nanoseconds: Int64
}
