internal import CairnCore
internal import CairnFormat
internal import CairnObjectStore
internal import CairnRepository
internal import CairnSystem
internal import Synchronization

/// The part of `verify` that reads all packs, several at a time.
enum DataCheck {
  /// Every pack that a segment names and the store has is read once. Memory: about 10 MB a worker,
  /// and the tables of one segment.
  static func run(_ check: StructureCheck, workerCount: Int) throws(CairnError) {
    let (repository, log) = (check.repository, check.log)
    let (progress, cancellation) = (check.progress, check.cancellation)
    let queue = BoundedQueue<PackRecord>(capacity: workerCount * 4)
    progress.byteTotal.set(Int(check.report.packByteCount))
    progress.itemTotal.set(check.report.packCount)
    progress.itemCount.set(0)
    let counter = ByteCounter()
    let pool = try WorkerPool(
      name: "verify", count: workerCount, onFailure: { queue.fail($0) }
    ) { (_) throws(CairnError) in
      let packCheck = try PackCheck(
        repository, log: log, progress: progress, cancellation: cancellation)
      while let pack = try queue.pop() {
        try packCheck.check(pack)
        counter.add(pack.byteCount)
        progress.itemCount.add(1)
      }
    }
    do throws(CairnError) {
      var seen: Set<ObjectName> = []
      for segment in check.segments {
        guard let packs = try check.packs(of: segment, reports: false) else { continue }
        for pack in packs where check.storedPacks[pack.name] != nil {
          // A pack that a merged segment repeats is read once, as the first describes it.
          if seen.insert(pack.name).inserted { try queue.push(pack) }
        }
      }
      queue.close()
    } catch {
      queue.fail(error)
      try pool.join()
      throw error
    }
    try pool.join()
    check.report.bytesRead = counter.value
  }

  private final class ByteCounter: Sendable {
    private let total = Mutex<UInt64>(0)
    func add(_ amount: UInt64) { total.withLock { $0 += amount } }
    var value: UInt64 { total.withLock { $0 } }
  }
}
