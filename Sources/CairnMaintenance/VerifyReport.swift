/// How thoroughly to verify.
package struct VerifyOptions: Sendable {
  /// Reads every pack and proves every byte of it; otherwise only the structure is proven: that
  /// everything every snapshot needs is there.
  package var readsData = false
  /// Threads that read packs; 0 for one per processor.
  package var workerCount = 0

  package init() {}
}

/// What `verify` looked at and what it found.
package struct VerifyReport: Sendable {
  package var snapshotCount = 0
  /// Pages of directories and content lists, each counted once.
  package var treePageCount = 0
  /// Regular files in those pages: a file that snapshots share counts once.
  package var fileCount = 0
  /// Distinct data chunks that files refer to.
  package var chunkCount = 0
  package var segmentCount = 0
  package var packCount = 0
  /// Stored length of all packs.
  package var packByteCount: UInt64 = 0
  /// Bytes of packs that were read and proven.
  package var bytesRead: UInt64 = 0
  /// The first of what is wrong; ``damageCount`` counts all.
  package var damage: [Finding] = []
  package var damageCount = 0
  /// What is worth knowing but no damage.
  package var notes: [String] = []
  package var nanoseconds: Int64 = 0

  package init() {}

  package var isSound: Bool { damageCount == 0 }
}
