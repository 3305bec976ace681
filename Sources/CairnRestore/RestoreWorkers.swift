internal import CairnCore
internal import CairnCrypto
internal import CairnIndex
internal import CairnRepository
internal import CairnSystem

/// The threads of a restore: one walks the tree, the others take windows through their stages.
/// There are two windows, so that one is filled while the other is worked on.
final class RestoreWorkers: Sendable {
  private enum Stage: Sendable {
    case prepare, fetch
  }

  private struct Job: Sendable {
    let window: RestoreWindow
    let stage: Stage
  }

  private static let windowCount = 2
  private static let prepareBatchCount = 32
  private static let finishBatchCount = 32
  /// The walk is recursive.
  private static let stackByteCount = 64 << 20

  private let repository: Repository
  private let target: RestoreTarget
  private let workerCount: Int
  private let jobs: BoundedQueue<Job>
  private let free: BoundedQueue<RestoreWindow>

  init(repository: Repository, target: RestoreTarget) {
    self.repository = repository
    self.target = target
    let requested = target.options.workerCount
    workerCount = requested > 0 ? requested : SystemInformation.processorCount
    // Room for all there can be: workers that push must never wait.
    jobs = BoundedQueue(capacity: RestoreWorkers.windowCount * workerCount * 2)
    free = BoundedQueue(capacity: RestoreWorkers.windowCount)
  }

  /// Calls `walk` with the first window and what hands a full one on, and waits until everything
  /// is written.
  func run(
    _ walk:
      @escaping @Sendable (
        RestoreWindow, @escaping (RestoreWindow) throws(CairnError) -> RestoreWindow
      ) throws(CairnError) -> Void
  ) throws(CairnError) {
    let key = repository.keys.chunkIDKey(.data).withUnsafeBytes { [UInt8]($0) }
    let hasher = try ChunkHasher(key: key)
    for _ in 1..<RestoreWorkers.windowCount { try free.push(RestoreWindow()) }
    try WorkerPool(
      name: "restore", count: workerCount + 1, stackByteCount: RestoreWorkers.stackByteCount,
      onFailure: { [self] error in
        jobs.fail(error)
        free.fail(error)
      }
    ) { [self] (number) throws(CairnError) in
      if number == 0 {
        try walk(RestoreWindow()) { [self] (window) throws(CairnError) in
          try begin(.prepare, window)
          return try nextFree()
        }
        for _ in 1..<RestoreWorkers.windowCount { _ = try nextFree() }
        jobs.close()
      } else {
        try work(hasher)
      }
    }.join()
  }

  private func nextFree() throws(CairnError) -> RestoreWindow {
    guard let window = try free.pop() else { preconditionFailure("the queue is never closed") }
    return window
  }

  private func begin(_ stage: Stage, _ window: RestoreWindow) throws(CairnError) {
    window.begin(workerCount: workerCount)
    for _ in 0..<workerCount { try jobs.push(Job(window: window, stage: stage)) }
  }

  private func work(_ hasher: ChunkHasher) throws(CairnError) {
    let index = repository.index.makeReader()
    let plan = WindowPlan(index: index, target: target)
    let fetcher = FrameFetcher(
      repository: repository, target: target, hasher: hasher, index: index)
    let comparison = ContentComparison(target: target, hasher: hasher)
    while let job = try jobs.pop() {
      let window = job.window
      switch job.stage {
      case .prepare:
        try prepare(window, comparison)
        if window.leave() {
          try plan.make(window)
          try begin(.fetch, window)
        }
      case .fetch:
        try fetch(window, fetcher)
        if window.leave() {
          window.removeAll()
          try free.push(window)
        }
      }
    }
  }

  private func prepare(
    _ window: RestoreWindow, _ comparison: ContentComparison
  ) throws(CairnError) {
    let comparisonCount = window.comparisons.count
    let total = comparisonCount + window.specials.count
    while let items = window.take(RestoreWorkers.prepareBatchCount, of: total) {
      try target.cancellation.check()
      if items.lowerBound < comparisonCount {
        try comparison.compare(
          items.lowerBound..<min(items.upperBound, comparisonCount), of: window)
      }
      for item in items where item >= comparisonCount {
        try target.restoreSpecial(window.specials[item - comparisonCount])
      }
    }
  }

  private func fetch(_ window: RestoreWindow, _ fetcher: FrameFetcher) throws(CairnError) {
    let batch = RestoreWorkers.finishBatchCount
    let batchCount = (window.finished.count + batch - 1) / batch
    while let items = window.take(1, of: batchCount + window.runs.count) {
      let item = items.lowerBound
      if item >= batchCount {
        try fetcher.fetch(window.runs[item - batchCount], of: window)
        continue
      }
      try target.cancellation.check()
      for file in window.finished[item * batch..<min((item + 1) * batch, window.finished.count)] {
        try target.finish(file)
      }
    }
  }
}
