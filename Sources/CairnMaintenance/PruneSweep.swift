internal import CairnCore
internal import CairnFormat
internal import CairnObjectStore
internal import CairnRepository

/// The second half of a prune: carries a plan out, in an order in which nothing is deleted before
/// what replaces it is durable.
///
/// New packs → new segments → old segments go → old packs go. For one thread.
final class PruneSweep {
  /// A segment holds about so many chunks.
  private static let chunksPerSegment = 1 << 18
  /// Segments with fewer chunks are merged when there are ``smallSegmentCountMax`` of them.
  private static let smallSegmentChunkCount = 1 << 15
  private static let smallSegmentCountMax = 8
  /// Temporary files younger than this may be of a run that has not met the lease yet, seconds.
  private static let leftoverAge: Int64 = 3600

  private let survey: PruneSurvey
  private let repository: Repository
  private let lease: Lease
  private let progress: Progress
  private let cancellation: Cancellation
  private(set) var report: PruneReport
  /// Kept packs that segments name which stay.
  private var described: Set<ObjectName> = []

  init(_ survey: PruneSurvey, lease: Lease, progress: Progress, cancellation: Cancellation) {
    self.survey = survey
    self.lease = lease
    self.progress = progress
    self.cancellation = cancellation
    repository = survey.repository
    report = PruneReport(plan: survey.plan)
  }

  func run() throws(CairnError) {
    progress.phase = .running
    for name in survey.plan.forgotten {
      try repository.store.delete(ObjectKey(.snapshots, name))
    }
    let rewritten = try chooseSegments()
    let newPacks = try repack()
    guard survey.map.lostRowCount == 0 else {
      throw CairnError(
        .failed, "prune would have lost \(survey.map.lostRowCount) chunks; it has deleted nothing")
    }
    try cancellation.check()
    try lease.check()
    progress.phase = .finishing
    try writeSegments(replacing: rewritten, newPacks)
    try lease.check()
    for segment in rewritten {
      try repository.store.delete(ObjectKey(.index, segment.name))
      report.segmentsDeleted += 1
      report.bytesDeleted += segment.byteCount
    }
    try deletePacks()
    report.bytesDeleted += try repository.store.removeLeftovers(olderThan: PruneSweep.leftoverAge)
    try repository.refreshIndex()
  }

  /// Notes which chunks the kept packs hold, and finds the segments that have to go: those that
  /// name a pack that goes or that another names as well, and small ones when there are many.
  private func chooseSegments() throws(CairnError) -> [(name: ObjectName, byteCount: UInt64)] {
    let kept = Set(survey.plan.packsKept)
    var named: Set<ObjectName> = []
    var rewritten: [(name: ObjectName, byteCount: UInt64)] = []
    var small: [(name: ObjectName, byteCount: UInt64)] = []
    var packsOfSmall: Set<ObjectName> = []
    for segment in survey.segments {
      try cancellation.check()
      let packs = try survey.packs(of: segment.name)
      var (mustGo, chunkCount) = (packs.isEmpty, 0)
      for pack in packs {
        guard kept.contains(pack.name), named.insert(pack.name).inserted else {
          mustGo = true
          continue
        }
        chunkCount += pack.table.chunks.count
        for chunk in pack.table.chunks { _ = survey.map.keep(chunk.id) }
      }
      if mustGo {
        rewritten.append(segment)
      } else if chunkCount < PruneSweep.smallSegmentChunkCount {
        small.append(segment)
        packsOfSmall.formUnion(packs.lazy.map(\.name))
      } else {
        described.formUnion(packs.lazy.map(\.name))
      }
    }
    if small.count >= PruneSweep.smallSegmentCountMax || (!rewritten.isEmpty && !small.isEmpty) {
      rewritten += small
    } else {
      described.formUnion(packsOfSmall)
    }
    return rewritten
  }

  private func repack() throws(CairnError) -> [PackRecord] {
    if survey.plan.packsToRepack.isEmpty { return [] }
    let repacker = try Repacker(repository, progress: progress)
    let packs: [PackRecord]
    do throws(CairnError) {
      progress.itemTotal.set(survey.plan.packsToRepack.count)
      progress.itemCount.set(0)
      for name in survey.plan.packsToRepack {
        try cancellation.check()
        try lease.check()
        try repacker.copy(name, byteCount: survey.storedPacks[name] ?? 0) { id in
          survey.map.isMarked(id) && survey.map.keep(id)
        }
        report.packsRepacked += 1
        progress.itemCount.add(1)
      }
      packs = try repacker.finish()
    } catch {
      repacker.cancel()
      throw error
    }
    report.packsWritten = packs.count
    report.bytesWritten += packs.reduce(0) { $0 + $1.byteCount }
    return packs
  }

  /// Describes, in new segments, the new packs and those kept packs whose segments go.
  private func writeSegments(
    replacing old: [(name: ObjectName, byteCount: UInt64)], _ newPacks: [PackRecord]
  ) throws(CairnError) {
    let kept = Set(survey.plan.packsKept)
    var batch = newPacks
    var chunkCount = newPacks.reduce(0) { $0 + $1.table.chunks.count }
    var written = described
    for segment in old {
      for pack in try survey.packs(of: segment.name)
      where kept.contains(pack.name) && written.insert(pack.name).inserted {
        batch.append(pack)
        chunkCount += pack.table.chunks.count
        if chunkCount >= PruneSweep.chunksPerSegment {
          try writeSegment(batch)
          batch = []
          chunkCount = 0
        }
      }
    }
    try writeSegment(batch)
  }

  private func writeSegment(_ packs: [PackRecord]) throws(CairnError) {
    if packs.isEmpty { return }
    let name = try repository.vault.write(
      IndexSegment.encode(packs), to: .index, kind: .segment)
    report.segmentsWritten += 1
    report.bytesWritten += try repository.store.byteCount(of: ObjectKey(.index, name))
  }

  private func deletePacks() throws(CairnError) {
    let plan = survey.plan
    for name in plan.packsToDelete + plan.packsToRepack + plan.unreferencedPacks {
      guard let byteCount = survey.storedPacks[name] else { continue }
      try cancellation.check()
      try repository.store.delete(ObjectKey(.packs, name))
      report.packsDeleted += 1
      report.bytesDeleted += byteCount
    }
  }
}
