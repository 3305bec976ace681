internal import CairnCore
internal import CairnFormat
internal import CairnIndex
internal import CairnObjectStore
internal import CairnRepository

/// The part of `verify` that reads everything but the data: roots, segments, and the trees of all
/// snapshots. For one thread.
final class StructureCheck {
  let repository: Repository
  let log: FindingLog
  let progress: Progress
  let cancellation: Cancellation
  var report = VerifyReport()
  /// Segments to read, in the order of their names.
  private(set) var segments: [ObjectName] = []
  /// Stored length of each pack that is in the store.
  private(set) var storedPacks: [ObjectName: UInt64] = [:]

  init(_ repository: Repository, progress: Progress, cancellation: Cancellation) {
    self.repository = repository
    self.progress = progress
    self.cancellation = cancellation
    log = FindingLog(progress: progress)
  }

  func run() throws(CairnError) {
    progress.phase = .loadingIndex
    // In the reverse of the order in which backups write: what is found here is described there.
    let (slots, slotDamage) = try repository.keySlots.load()
    let contents = try repository.catalog.load()
    // Also written by others meanwhile: what is listed first is described by what is read later.
    for (key, byteCount) in try repository.store.list(.packs) {
      if let name = key.objectName { storedPacks[name] = byteCount }
    }
    let listed = try repository.store.list(.index).compactMap { $0.key.objectName }
    try repository.refreshIndex(progress: progress)
    let reader = repository.index.makeReader()
    let (applied, map) = try reader.withSnapshot { () throws(CairnError) in
      (try reader.segments(), try ChunkMap(reader, cancellation: cancellation))
    }
    segments = Set(applied).union(listed).sorted()
    progress.phase = .scanning
    try checkSegments(applied: Set(applied), map: map, reader: reader)
    for error in contents.damage + slotDamage {
      log.add(Finding(object: "", message: error.message))
    }
    try checkKeys(slots, contents.ledger)
    try noteForgotten(contents)
    try checkTrees(of: contents.snapshots, map: map)
  }

  /// Reads a segment; damage is reported when `reports` is set. `nil` when it can't be read or is
  /// gone.
  func packs(of segment: ObjectName, reports: Bool) throws(CairnError) -> [PackRecord]? {
    let key = ObjectKey(.index, segment)
    do throws(CairnError) {
      let content = try repository.vault.read(key, kind: .segment)
      return try content.withBytes { (bytes) throws(CairnError) in
        try IndexSegment.decode(bytes)
      }
    } catch  where error.isAboutObject {
      if reports { log.add(Finding(object: key.path, message: error.message)) }
      return nil
    }
  }

  // MARK: Segments and packs

  private func checkSegments(
    applied: Set<ObjectName>, map: ChunkMap, reader: IndexReader
  ) throws(CairnError) {
    var named: Set<ObjectName> = []
    var checksum: UInt64 = 0
    var (areAllReadable, contradicts) = (true, false)
    for segment in segments {
      try cancellation.check()
      guard let packs = try packs(of: segment, reports: true) else {
        areAllReadable = false
        continue
      }
      report.segmentCount += 1
      for pack in packs where named.insert(pack.name).inserted {
        try checkPresence(of: pack)
        guard applied.contains(segment) else { continue }
        if let sum = try ChunkMap.rowSum(of: pack, in: reader) {
          checksum &+= sum
        } else {
          contradicts = true
        }
      }
    }
    if contradicts || (areAllReadable && checksum != map.checksum) {
      repository.index.condemn()
      log.add(
        Finding(
          object: "local chunk index",
          message: "it contradicts the repository's segments and will be rebuilt at the next run;"
            + " verify again then, other findings of this run may be due to it"))
    }
    noteUnnamedPacks(named)
  }

  private func checkPresence(of pack: PackRecord) throws(CairnError) {
    let key = ObjectKey(.packs, pack.name)
    report.packCount += 1
    report.packByteCount += pack.byteCount
    var byteCount = storedPacks[pack.name]
    if byteCount == nil {
      // Perhaps younger than the listing.
      do throws(CairnError) {
        byteCount = try repository.store.byteCount(of: key)
        storedPacks[pack.name] = byteCount
      } catch  where error.code == .notFound {
        log.add(Finding(object: key.path, message: "the pack is missing"))
        return
      }
    }
    if let byteCount, byteCount != pack.byteCount {
      log.add(
        Finding(
          object: key.path,
          message: "the pack has \(byteCount) bytes and should have \(pack.byteCount)"))
    }
  }

  private func noteUnnamedPacks(_ named: Set<ObjectName>) {
    var (count, byteCount) = (0, UInt64(0))
    for (name, stored) in storedPacks where !named.contains(name) {
      count += 1
      byteCount += stored
    }
    if count > 0 {
      report.notes.append(
        "\(count) packs (\(byteCount) bytes) are in no index segment: left by a run that was"
          + " interrupted or is still under way; prune removes them")
    }
  }

  // MARK: Roots and trees

  private func checkTrees(of snapshots: [Snapshot], map: ChunkMap) throws(CairnError) {
    let walk = TreeWalk(
      repository, map: map, progress: progress, cancellation: cancellation
    ) { [log] (snapshot, path, error) throws(CairnError) in
      log.add(
        Finding(
          object: "", snapshot: snapshot.name, path: path.isEmpty ? [UInt8(ascii: "/")] : path,
          message: error.message))
    }
    progress.itemTotal.set(snapshots.count)
    progress.itemCount.set(0)
    // The newest first: damage is best known by the snapshot one would restore.
    for snapshot in snapshots.reversed() {
      try walk.walk(snapshot)
      report.snapshotCount += 1
      progress.itemCount.add(1)
    }
    report.treePageCount = walk.pageCount
    report.fileCount = walk.fileCount
    report.chunkCount = walk.chunkCount
  }

  private func checkKeys(_ slots: [KeySlots.Slot], _ ledger: Ledger.State) throws(CairnError) {
    let present = Set(slots.map(\.name))
    for missing in ledger.merged.keys.subtracting(present).sorted() {
      let key = ObjectKey(.keys, missing)
      do throws(CairnError) {
        // Perhaps younger than the listing, or reported as damaged.
        _ = try repository.store.byteCount(of: key)
      } catch  where error.code == .notFound {
        log.add(
          Finding(object: key.path, message: "the key slot is missing, though nobody removed it"))
      }
    }
    for slot in slots where !ledger.merged.keys.contains(slot.name) {
      let path = ObjectKey(.keys, slot.name).path
      if ledger.isRemoved(slot.name) {
        report.notes.append("\(path) was removed, but is still there: remove it again")
      } else if ledger.damage.isEmpty {
        log.add(
          Finding(object: path, message: "the key slot is not in the ledger: who added it?"))
      }
    }
  }

  private func noteForgotten(_ contents: SnapshotCatalog.Contents) throws(CairnError) {
    let removed = Set(contents.ledger.merged.removed.map(\.name))
    let count = try repository.store.list(.snapshots).count { entry in
      entry.key.objectName.map(removed.contains) ?? false
    }
    if count > 0 {
      report.notes.append("\(count) forgotten snapshots are still stored; prune removes them")
    }
  }
}
