package import CairnCore
internal import CairnFormat
internal import CairnIndex
package import CairnObjectStore
package import CairnRepository

/// What a repository holds and how well it saves space.
package struct RepositoryStatistics: Sendable {
  package struct Amount: Sendable, Hashable {
    package var count = 0
    package var byteCount: UInt64 = 0
  }

  /// Stored objects by kind.
  package internal(set) var objects: [ObjectKind: Amount] = [:]
  package internal(set) var snapshotCount = 0
  /// Sizes of the files of all snapshots, as if each were stored by itself.
  package internal(set) var logicalByteCount: UInt64 = 0
  /// Files, directories and others of all snapshots.
  package internal(set) var entryCount: UInt64 = 0
  /// Distinct data chunks, and their bytes before compression.
  package internal(set) var dataChunks = Amount()
  /// Distinct pages of trees.
  package internal(set) var treeChunks = Amount()
  /// Further copies of chunks.
  package internal(set) var duplicates = Amount()
  /// Raw and stored bytes of all frames of packs.
  package internal(set) var rawByteCount: UInt64 = 0
  package internal(set) var packedByteCount: UInt64 = 0

  /// Stored bytes of everything.
  package var storedByteCount: UInt64 { objects.values.reduce(0) { $0 + $1.byteCount } }

  /// Logical bytes for each byte of distinct content; 1 when nothing is shared.
  package var deduplicationRatio: Double {
    RepositoryStatistics.ratio(logicalByteCount, dataChunks.byteCount)
  }

  /// Bytes before for each byte after compression and sealing.
  package var compressionRatio: Double {
    RepositoryStatistics.ratio(rawByteCount, packedByteCount)
  }

  /// Logical bytes for each stored byte.
  package var totalRatio: Double { RepositoryStatistics.ratio(logicalByteCount, storedByteCount) }

  private static func ratio(_ a: UInt64, _ b: UInt64) -> Double {
    b == 0 ? 1 : Double(a) / Double(b)
  }
}

/// Gathers ``RepositoryStatistics``.
package enum Statistics {
  /// Lists the store and walks the local index; reads no tree and no data. What unreadable
  /// snapshots amount to is left out.
  package static func gather(
    in repository: Repository, progress: Progress = Progress(),
    cancellation: Cancellation = Cancellation()
  ) throws(CairnError) -> RepositoryStatistics {
    var statistics = RepositoryStatistics()
    for kind in ObjectKind.allCases {
      var amount = RepositoryStatistics.Amount()
      try repository.store.list(kind) { (_, byteCount) throws(CairnError) in
        amount.count += 1
        amount.byteCount += byteCount
      }
      if amount.count > 0 { statistics.objects[kind] = amount }
    }
    for snapshot in try repository.catalog.load().snapshots {
      statistics.snapshotCount += 1
      statistics.logicalByteCount += snapshot.record.root.byteCount
      statistics.entryCount += snapshot.record.root.entryCount
    }
    try gatherChunks(repository, cancellation, &statistics)
    return statistics
  }

  private static func gatherChunks(
    _ repository: Repository, _ cancellation: Cancellation, _ statistics: inout RepositoryStatistics
  ) throws(CairnError) {
    let reader = repository.index.makeReader()
    var result = statistics
    try reader.withSnapshot { () throws(CairnError) in
      var treePacks: Set<PackNumber> = []
      try reader.forEachPack { (number, entry) throws(CairnError) in
        if entry.kind == .tree { treePacks.insert(number) }
        for frame in entry.frames {
          result.rawByteCount += UInt64(frame.rawByteCount)
          result.packedByteCount += UInt64(frame.storedByteCount)
        }
      }
      var last: ChunkID?
      try reader.forEachRow { (row, id, location) throws(CairnError) in
        if row & 0xffff == 0 { try cancellation.check() }
        let byteCount = UInt64(location.byteCount)
        if id == last {
          result.duplicates.count += 1
          result.duplicates.byteCount += byteCount
        } else if treePacks.contains(location.packNumber) {
          result.treeChunks.count += 1
          result.treeChunks.byteCount += byteCount
        } else {
          result.dataChunks.count += 1
          result.dataChunks.byteCount += byteCount
        }
        last = id
      }
    }
    statistics = result
  }
}
