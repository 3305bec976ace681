internal import CairnCore
internal import CairnFormat
internal import CairnRepository
internal import CairnSystem

/// The threads of one backup: starts them, carries errors between them, and ends them in order.
struct BackupStages {
  private let context: BackupContext
  private let workerCount: Int
  private let parent: Snapshot?
  private let ownDirectories: Set<SourceWalker.DirectoryIdentity>

  init(
    _ context: BackupContext, workerCount: Int, parent: Snapshot?,
    ownDirectories: Set<SourceWalker.DirectoryIdentity>
  ) {
    self.context = context
    self.workerCount = workerCount
    self.parent = parent
    self.ownDirectories = ownDirectories
  }

  /// Runs `walk` and everything behind it. Returns the root of the tree, `nil` on a dry run.
  ///
  /// On an interruption the walk ends early, but what it handed on is stored to the end before
  /// `interrupted` is thrown; any other error stops all stages at once.
  func run(
    _ walk: @escaping @Sendable (SourceWalker) throws(CairnError) -> Void
  ) throws(CairnError) -> DirectoryContent? {
    let pipeline = Pipeline(workerCount: workerCount)
    let fail: @Sendable (CairnError) -> Void = { pipeline.fail($0) }
    let source = try startWalk(pipeline, walk, onFailure: fail)
    let workers: WorkerPool
    do throws(CairnError) {
      workers = try startWorkers(pipeline, onFailure: fail)
    } catch {
      // The walk is running already: it ends through the queues, and its error is only an echo.
      pipeline.fail(error)
      BackupStages.waitOut(source)
      throw error
    }
    var failure: CairnError?
    var root: DirectoryContent?
    let assembler = context.session.map { TreeAssembler(session: $0) }
    do throws(CairnError) {
      while let batch = try pipeline.done.pop() {
        let count = try assembler?.take(batch) ?? 1
        for _ in 0..<count { try pipeline.retire() }
      }
      if context.cancellation.isRequested {
        try assembler?.finishEarly()
      } else {
        root = try assembler?.finish()
      }
    } catch {
      pipeline.fail(error)
      failure = error
    }
    for pool in [source, workers] {
      do throws(CairnError) {
        try pool.join()
      } catch {
        // The first error is the cause; those after it are its echoes through the queues.
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    if context.cancellation.isRequested { throw CairnError.interrupted }
    return root
  }

  /// Waits for threads whose failure is known.
  private static func waitOut(_ pool: WorkerPool) {
    do throws(CairnError) {
      try pool.join()
    } catch {
      return
    }
  }

  private func startWalk(
    _ pipeline: Pipeline, _ walk: @escaping @Sendable (SourceWalker) throws(CairnError) -> Void,
    onFailure: @escaping @Sendable (CairnError) -> Void
  ) throws(CairnError) -> WorkerPool {
    let (context, parent, own) = (self.context, self.parent, self.ownDirectories)
    return try WorkerPool(name: "walk", count: 1, onFailure: onFailure) { (_) throws(CairnError) in
      let walker = SourceWalker(
        context, pipeline: pipeline, parent: parent, ownDirectories: own)
      do throws(CairnError) {
        try walk(walker)
      } catch  where error.code == .interrupted {
        // The batch at hand may end in the middle of a file: it is dropped, the others count.
      }
      pipeline.work.close()
    }
  }

  private func startWorkers(
    _ pipeline: Pipeline, onFailure: @escaping @Sendable (CairnError) -> Void
  ) throws(CairnError) -> WorkerPool {
    let context = self.context
    let running = RunningCount(workerCount)
    return try WorkerPool(
      name: "worker", count: workerCount, onFailure: onFailure
    ) { (_) throws(CairnError) in
      let worker = try BatchWorker(context)
      while let batch = try pipeline.work.pop() {
        try worker.process(batch)
        if let arena = batch.arena {
          batch.arena = nil
          pipeline.arenas.give(arena)
        }
        try pipeline.done.push(batch)
      }
      try worker.finish()
      if running.decrement() == 0 { pipeline.done.close() }
    }
  }
}
