internal import CairnCore
internal import CairnFormat
internal import CairnIndex
internal import CairnObjectStore
internal import CairnRepository

/// The first half of a prune: marks every chunk a snapshot needs and decides the fate of each pack.
///
/// Memory: 8.5 bytes a chunk for the marks, and some 150 bytes a pack. For one thread.
final class PruneSurvey {
  /// What is known of a pack that a segment names. Raw bytes are before compression.
  private struct Pack {
    var name: ObjectName
    var kind: ChunkKind
    var byteCount: UInt64
    /// Whether the store has it, in its full length.
    var isPresent: Bool
    var rawByteCount: UInt64 = 0
    /// Of chunks some snapshot needs, whether or not another pack has them too.
    var usedByteCount: UInt64 = 0
    /// Of chunks that are to be kept through this pack.
    var neededByteCount: UInt64 = 0
    var fate = Fate.keep

    enum Fate { case keep, repack, delete }

    /// Stored bytes that nobody needs, about: frames compress unevenly.
    var unusedStoredByteCount: UInt64 {
      guard rawByteCount > 0 else { return byteCount }
      let share = Double(rawByteCount - neededByteCount) / Double(rawByteCount)
      return UInt64(Double(byteCount) * share)
    }
  }

  let repository: Repository
  /// Snapshots to leave out as if they were forgotten already.
  var forgotten: Set<ObjectName> = []
  private(set) var plan: PrunePlan
  /// Segments of the repository; all of them were read.
  private(set) var segments: [(name: ObjectName, byteCount: UInt64)] = []
  private(set) var storedPacks: [ObjectName: UInt64] = [:]
  private let progress: Progress
  private let cancellation: Cancellation
  private let reader: IndexReader
  private var madeMap: ChunkMap?
  private var packs: [PackNumber: Pack] = [:]

  init(
    _ repository: Repository, _ options: PruneOptions, progress: Progress,
    cancellation: Cancellation
  ) {
    self.repository = repository
    self.progress = progress
    self.cancellation = cancellation
    plan = PrunePlan(options: options)
    reader = repository.index.makeReader()
  }

  /// The marks; after ``run()``.
  var map: ChunkMap {
    guard let madeMap else { preconditionFailure("the survey was run") }
    return madeMap
  }

  func run() throws(CairnError) {
    for feature in repository.config.features.prune + repository.config.features.write {
      throw CairnError(
        .unsupported, "the repository needs the feature \(feature), which this program lacks")
    }
    let snapshots = try loadRoots()
    try loadIndex()
    progress.phase = .scanning
    try mark(snapshots)
    try weighPacks()
    try decide()
    for pack in packs.values where pack.fate == .keep { plan.packsKept.append(pack.name) }
    plan.packsKept.sort()
    plan.packsToDelete.sort()
    plan.packsToRepack.sort()
  }

  private static func refusal(_ error: CairnError) -> CairnError {
    CairnError(
      error.code,
      "prune needs a sound repository and has changed nothing: \(error.message)", errno: error.errno
    )
  }

  // MARK: What there is

  private func loadRoots() throws(CairnError) -> [Snapshot] {
    let contents = try repository.catalog.load()
    if let damage = contents.damage.first { throw PruneSurvey.refusal(damage) }
    let removed = Set(contents.ledger.merged.removed.map(\.name))
    for (key, _) in try repository.store.list(.snapshots) {
      if let name = key.objectName, removed.contains(name) { plan.forgotten.append(name) }
    }
    let snapshots = contents.snapshots.filter { !forgotten.contains($0.name) }
    plan.snapshotCount = snapshots.count
    return snapshots
  }

  /// Lists packs and segments, and makes sure that the local index says what the segments say.
  private func loadIndex() throws(CairnError) {
    progress.phase = .loadingIndex
    for (key, byteCount) in try repository.store.list(.packs) {
      guard let name = key.objectName else { continue }
      storedPacks[name] = byteCount
      plan.storedByteCount += byteCount
    }
    for (key, byteCount) in try repository.store.list(.index) {
      if let name = key.objectName { segments.append((name, byteCount)) }
    }
    if let damage = try repository.refreshIndex(progress: progress).first {
      throw PruneSurvey.refusal(damage)
    }
    let map = try ChunkMap(reader, cancellation: cancellation)
    madeMap = map
    var named: Set<ObjectName> = []
    var checksum: UInt64? = 0
    for segment in segments {
      try cancellation.check()
      do throws(CairnError) {
        for pack in try packs(of: segment.name) where named.insert(pack.name).inserted {
          let sum = try ChunkMap.rowSum(of: pack, in: reader)
          checksum = checksum.flatMap { total in sum.map { total &+ $0 } }
        }
      } catch  where error.isAboutObject {
        throw PruneSurvey.refusal(error)
      }
    }
    guard checksum == map.checksum else {
      repository.index.condemn()
      throw CairnError(
        .failed,
        "the local chunk index contradicted the repository and is rebuilt at the next run; prune"
          + " has changed nothing, run it again")
    }
    for (name, byteCount) in storedPacks where !named.contains(name) {
      plan.unreferencedPacks.append(name)
      plan.unreferencedByteCount += byteCount
    }
    plan.unreferencedPacks.sort()
  }

  /// The packs a segment describes.
  func packs(of segment: ObjectName) throws(CairnError) -> [PackRecord] {
    let key = ObjectKey(.index, segment)
    let content = try repository.vault.read(key, kind: .segment)
    return try content.withBytes { (bytes) throws(CairnError) in
      try IndexSegment.decode(bytes)
    }
  }

  private func mark(_ snapshots: [Snapshot]) throws(CairnError) {
    let walk = TreeWalk(
      repository, map: map, progress: progress, cancellation: cancellation
    ) { (snapshot, path, error) throws(CairnError) in
      let place = "snapshot \(snapshot.name) /\(String(decoding: path.dropFirst(), as: UTF8.self))"
      // What this program doesn't know is no reason to delete either.
      throw PruneSurvey.refusal(CairnError(.damaged, "\(place): \(error.message)"))
    }
    progress.itemTotal.set(snapshots.count)
    progress.itemCount.set(0)
    for snapshot in snapshots.reversed() {
      try walk.walk(snapshot)
      progress.itemCount.add(1)
    }
  }

  // MARK: What each pack is worth

  private func weighPacks() throws(CairnError) {
    try reader.withSnapshot { () throws(CairnError) in
      try reader.forEachPack { (number, entry) throws(CairnError) in
        packs[number] = Pack(
          name: entry.name, kind: entry.kind, byteCount: entry.byteCount,
          isPresent: storedPacks[entry.name] == entry.byteCount)
      }
      try reader.forEachRow { (_, id, location) throws(CairnError) in
        packs[location.packNumber]?.rawByteCount += UInt64(location.byteCount)
        if map.isMarked(id) {
          packs[location.packNumber]?.usedByteCount += UInt64(location.byteCount)
        }
      }
      // Copies of a chunk follow one another.
      var copies: [ChunkLocation] = []
      var current: ChunkID?
      try reader.forEachRow { (_, id, location) throws(CairnError) in
        if id != current {
          if let current { try settle(current, copies) }
          copies.removeAll(keepingCapacity: true)
          current = id
        }
        copies.append(location)
      }
      if let current { try settle(current, copies) }
    }
  }

  /// Decides through which pack a chunk is kept: the one with most that is used.
  private func settle(_ id: ChunkID, _ copies: [ChunkLocation]) throws(CairnError) {
    let byteCount = UInt64(copies[0].byteCount)
    guard map.isMarked(id) else {
      plan.unusedChunkCount += copies.count
      plan.unusedByteCount += byteCount * UInt64(copies.count)
      return
    }
    var best: (number: PackNumber, used: UInt64)?
    for copy in copies {
      guard let pack = packs[copy.packNumber], pack.isPresent else { continue }
      if best.map({ pack.usedByteCount > $0.used }) ?? true {
        best = (copy.packNumber, pack.usedByteCount)
      }
    }
    guard let best else {
      let name = packs[copies[0].packNumber]?.name.hex ?? ""
      throw PruneSurvey.refusal(
        CairnError.damaged("packs/\(name.prefix(2))/\(name) is needed, but missing or cut short"))
    }
    packs[best.number]?.neededByteCount += byteCount
    plan.usedChunkCount += 1
    plan.usedByteCount += byteCount
    plan.duplicateChunkCount += copies.count - 1
    plan.duplicateByteCount += byteCount * UInt64(copies.count - 1)
  }

  // MARK: What becomes of each pack

  private func decide() throws(CairnError) {
    var neededStoredByteCount: UInt64 = 0
    for (number, pack) in packs {
      if pack.neededByteCount == 0 {
        packs[number]?.fate = .delete
        plan.packsToDelete.append(pack.name)
        plan.deletedByteCount += storedPacks[pack.name] ?? 0
      } else {
        neededStoredByteCount += pack.byteCount - pack.unusedStoredByteCount
        plan.remainingUnusedByteCount += pack.unusedStoredByteCount
      }
    }
    let limit: UInt64? =
      switch plan.options.maxUnused {
      case .unlimited: nil
      case .percent(let percent):
        percent >= 100
          ? nil : UInt64(Double(neededStoredByteCount) * max(0, percent) / (100 - max(0, percent)))
      case .bytes(let bytes): bytes
      }
    guard let limit else { return }
    // Worst first: the largest share of waste frees most for each byte that is rewritten.
    let worst = packs.filter { $0.value.fate == .keep && $0.value.unusedStoredByteCount > 0 }
      .sorted { a, b in
        let (x, y) = (a.value, b.value)
        let left = Double(x.unusedStoredByteCount) / Double(x.byteCount)
        let right = Double(y.unusedStoredByteCount) / Double(y.byteCount)
        return left != right ? left > right : x.name < y.name
      }
    for (number, _) in worst {
      if plan.remainingUnusedByteCount <= limit { break }
      repack(number)
    }
    mergeSmallPacks()
  }

  /// Packs that never filled are worth a rewrite when there are several of a kind.
  private func mergeSmallPacks() {
    let limit = UInt64(repository.config.packByteCount / 8)
    for kind in ChunkKind.allCases {
      let ofKind = packs.filter { $0.value.kind == kind }
      let small = ofKind.filter { $0.value.fate == .keep && $0.value.byteCount < limit }
        .sorted { $0.value.name < $1.value.name }
      let others = ofKind.values.count { $0.fate == .repack }
      if small.count + min(others, 1) < 2 { continue }
      for (number, _) in small { repack(number) }
    }
  }

  private func repack(_ number: PackNumber) {
    guard let pack = packs[number] else { return }
    if let limit = plan.options.maxRepackByteCount,
      plan.repackByteCount + pack.byteCount > limit
    {
      return
    }
    packs[number]?.fate = .repack
    plan.packsToRepack.append(pack.name)
    plan.repackByteCount += pack.byteCount
    plan.repackFreedByteCount += pack.unusedStoredByteCount
    plan.remainingUnusedByteCount -= pack.unusedStoredByteCount
  }
}
