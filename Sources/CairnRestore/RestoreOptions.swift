package import CairnCore
package import CairnSystem
internal import Glibc

/// What a restore is to do, besides which snapshot and path.
package struct RestoreOptions: Sendable {
  /// The directory everything lands in; made when it is missing. Nothing is written outside it.
  package var target: RawPath
  /// Matched against the path in the snapshot, `/` first. What it excludes is neither written nor
  /// deleted.
  package var filter = PathFilter()
  /// Removes entries the snapshot doesn't have, in directories that were backed up and are now
  /// restored.
  package var deletesExtra = false
  /// Only tells what would be done; nothing in the target is touched.
  package var isDryRun = false
  /// Gives files their owners; without the privilege every attempt fails and is counted.
  package var restoresOwners: Bool
  /// Takes owners by number even where their names exist here.
  package var usesNumericIDs = false
  /// Threads that fetch, decompress and write; 0: one a processor.
  package var workerCount = 0
  /// Told each action as it is done (or, in a dry run, would be). Called from several threads, one
  /// at a time.
  package var onAction: (@Sendable (PlannedAction) -> Void)?

  package init(target: RawPath) {
    self.target = target
    restoresOwners = geteuid() == 0
  }
}

/// One thing a restore does, or in a dry run would do.
package struct PlannedAction: Hashable, Sendable {
  package enum Verb: String, Sendable {
    case create, update, delete, unchanged
  }

  package var verb: Verb
  /// Relative to the target.
  package var path: RawPath

  package init(verb: Verb, path: RawPath) {
    self.verb = verb
    self.path = path
  }
}

/// What a restore did.
package struct RestoreReport: Sendable {
  /// Something that was not restored, or not wholly.
  package struct Problem: Hashable, Sendable {
    /// For people; relative to the target.
    package var path: String
    package var reason: String

    package init(path: String, reason: String) {
      self.path = path
      self.reason = reason
    }
  }

  /// Problems and actions kept; their counts go on.
  package static let listCountMax = 10_000

  /// Regular files made.
  package var filesWritten = 0
  /// Regular files that existed with other content.
  package var filesUpdated = 0
  /// Regular files that had the right content; their metadata may have been repaired.
  package var filesUnchanged = 0
  package var directories = 0
  /// Symbolic links and second names of files.
  package var links = 0
  /// FIFOs and devices.
  package var specials = 0
  package var deleted = 0
  /// Content written to the target.
  package var bytesWritten: UInt64 = 0
  /// Content found in place.
  package var bytesUnchanged: UInt64 = 0
  package var problems: [Problem] = []
  package var problemCount = 0
  /// Whether content or trees of the snapshot are missing or damaged.
  package var isDamaged = false
  /// What one should know that isn't a failure.
  package var notes: [String] = []
  /// In a dry run, the first of what would be done.
  package var actions: [PlannedAction] = []
  package var actionCount = 0
  package var nanoseconds: Int64 = 0

  package init() {}
}
