package import CairnCore

/// How much space a prune may leave unused rather than rewrite packs.
package struct PruneOptions: Sendable, Hashable {
  package enum MaxUnused: Sendable, Hashable {
    /// Rewrites nothing; only packs nobody needs go.
    case unlimited
    /// Of what the packs take after the prune.
    case percent(Double)
    case bytes(UInt64)
  }

  package var maxUnused = MaxUnused.percent(5)
  /// Stored bytes of packs that are rewritten at most; `nil` for no limit.
  package var maxRepackByteCount: UInt64?

  package init() {}
}

/// What a prune would do.
package struct PrunePlan: Sendable {
  package internal(set) var options: PruneOptions
  package internal(set) var snapshotCount = 0
  /// Forgotten snapshots whose objects are still there.
  package internal(set) var forgotten: [ObjectName] = []
  /// Chunks some snapshot needs, each counted once, and their bytes before compression.
  package internal(set) var usedChunkCount = 0
  package internal(set) var usedByteCount: UInt64 = 0
  /// Further copies of needed chunks.
  package internal(set) var duplicateChunkCount = 0
  package internal(set) var duplicateByteCount: UInt64 = 0
  /// Chunks no snapshot needs.
  package internal(set) var unusedChunkCount = 0
  package internal(set) var unusedByteCount: UInt64 = 0
  package internal(set) var packsToDelete: [ObjectName] = []
  package internal(set) var packsToRepack: [ObjectName] = []
  package internal(set) var packsKept: [ObjectName] = []
  /// Packs in no index segment: left by runs that were interrupted.
  package internal(set) var unreferencedPacks: [ObjectName] = []
  /// Stored bytes of all packs, now.
  package internal(set) var storedByteCount: UInt64 = 0
  package internal(set) var deletedByteCount: UInt64 = 0
  package internal(set) var unreferencedByteCount: UInt64 = 0
  /// Stored bytes of the packs to repack, and about how many of them nobody needs.
  package internal(set) var repackByteCount: UInt64 = 0
  package internal(set) var repackFreedByteCount: UInt64 = 0
  /// Stored bytes that stay without being needed, about.
  package internal(set) var remainingUnusedByteCount: UInt64 = 0

  init(options: PruneOptions) {
    self.options = options
  }

  /// About how many bytes the store shrinks by.
  package var freedByteCount: UInt64 {
    deletedByteCount + unreferencedByteCount + repackFreedByteCount
  }

  /// Whether packs or forgotten snapshots go.
  package var hasWork: Bool {
    !(forgotten.isEmpty && packsToDelete.isEmpty && packsToRepack.isEmpty
      && unreferencedPacks.isEmpty)
  }
}

/// What a prune did.
package struct PruneReport: Sendable {
  package internal(set) var plan: PrunePlan
  package internal(set) var packsDeleted = 0
  package internal(set) var packsRepacked = 0
  package internal(set) var packsWritten = 0
  package internal(set) var segmentsWritten = 0
  package internal(set) var segmentsDeleted = 0
  /// Bytes of packs, segments and temporary files that were removed, and of those written anew.
  package internal(set) var bytesDeleted: UInt64 = 0
  package internal(set) var bytesWritten: UInt64 = 0
  package internal(set) var nanoseconds: Int64 = 0

  init(plan: PrunePlan) {
    self.plan = plan
  }

  /// How many bytes the store shrank by; negative when what was written outweighs it.
  package var bytesFreed: Int64 { Int64(bytesDeleted) - Int64(bytesWritten) }
}
