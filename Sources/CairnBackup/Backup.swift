package import CairnCore
internal import CairnFormat
internal import CairnObjectStore
package import CairnRepository
internal import CairnSystem

/// Backs up directories, files and streams: walk → read → cut → hash → look up → frame → compress →
/// seal → store, with the tree of the snapshot built beside it.
///
/// One thread walks, as many as there are processors work, two write to the store, and the
/// caller's assembles trees. All stages are bounded: a slow store slows the walk and nothing else.
package enum Backup {
  /// Backs up `options.paths`. Files that can't be read are reported, not thrown; thrown are
  /// `interrupted` (what was stored is kept), `busy`, `outOfSpace` and what else ends a backup.
  package static func run(
    _ options: BackupOptions, in repository: Repository, progress: Progress,
    cancellation: Cancellation
  ) throws(CairnError) -> BackupReport {
    guard !options.paths.isEmpty else { throw CairnError(.usage, "nothing to back up") }
    let roots = SourceRoots(options.paths)
    return try run(
      options, repository, comparing: true, progress: progress, cancellation: cancellation
    ) { (walker, parent) throws(CairnError) in
      try walker.walk(roots, parent: try parent?.record.directory())
    }
  }

  /// Backs up what comes from `descriptor` (borrowed) until it ends, as a file of that name in the
  /// root of the snapshot.
  package static func runStream(
    descriptor: Int32, fileName: String, _ options: BackupOptions, in repository: Repository,
    progress: Progress, cancellation: Cancellation
  ) throws(CairnError) -> BackupReport {
    let name = Array(fileName.utf8)
    guard name.withUnsafeBytes({ Node.isValid(name: $0) }) else {
      throw CairnError(.usage, "\(fileName) is no name for a file")
    }
    var options = options
    options.paths = [RawPath("/" + fileName)]
    let now = options.time ?? repository.clock.now
    return try run(
      options, repository, comparing: false, progress: progress, cancellation: cancellation
    ) { (walker, _) throws(CairnError) in
      let stream = try FileDescriptor(borrowing: descriptor)
      try walker.take(stream: stream, name: name, now: now)
    }
  }

  /// The snapshot unchanged files are taken from, and what is wrong with the list of snapshots.
  /// To be called with the lease held, so that no prune takes the parent's content away.
  private static func findParent(
    _ options: BackupOptions, _ repository: Repository
  ) throws(CairnError) -> (parent: Snapshot?, damage: [CairnError]) {
    let contents = try repository.catalog.load()
    if let name = options.parent {
      return (Snapshot(name: name, record: try repository.catalog.read(name)), contents.damage)
    }
    let paths = options.paths.map { ByteText($0.bytes) }
    let parent = contents.snapshots.last {
      $0.record.host == options.host && $0.record.paths == paths
    }
    return (parent, contents.damage)
  }

  private static func run(
    _ options: BackupOptions, _ repository: Repository, comparing: Bool, progress: Progress,
    cancellation: Cancellation,
    _ walk: @escaping @Sendable (SourceWalker, Snapshot?) throws(CairnError) -> Void
  ) throws(CairnError) -> BackupReport {
    let start = MonotonicClock.nanoseconds
    let started = repository.clock.now
    let workerCount =
      options.workerCount > 0 ? options.workerCount : SystemInformation.processorCount
    let session =
      options.isDryRun
      ? nil
      : try WriteSession(
        repository, operation: "backup", writerCount: workerCount + 1, progress: progress)
    do throws(CairnError) {
      let (found, damage) = try findParent(options, repository)
      let parent = comparing ? found : nil
      if let parent {
        // The best guess there is of what will have to be done.
        let statistics = parent.record.statistics
        progress.itemTotal.set(Int(statistics.files + statistics.others))
        progress.byteTotal.set(Int(statistics.bytes))
      }
      progress.itemCount.set(0)
      progress.phase = .running
      let context = try BackupContext(
        options, repository, session: session, progress: progress, cancellation: cancellation)
      let stages = BackupStages(
        context, workerCount: workerCount, parent: parent, ownDirectories: findOwn(repository))
      let root = try stages.run { (walker) throws(CairnError) in try walk(walker, parent) }
      progress.phase = .finishing
      var report = BackupReport(
        snapshot: nil, statistics: context.counters.statistics(context.log),
        problems: context.log.problems,
        notes: context.log.notes, damage: damage.map(\.message),
        parent: parent?.name,
        nanoseconds: 0)
      if let session, let root {
        let snapshot = try session.commit { totals, generation, previous in
          var statistics = report.statistics
          statistics.chunksNew = totals.newChunkCount
          statistics.bytesStored = totals.storedByteCount
          return SnapshotRecord(
            time: options.time ?? started, started: started, completed: repository.clock.now,
            host: options.host, user: options.user,
            paths: options.paths.map { ByteText($0.bytes) }, tags: options.tags,
            excludes: options.excludeTexts, root: root, parent: parent?.name,
            generation: generation, previous: previous, program: options.program,
            statistics: statistics, problems: report.problems)
        }
        report.snapshot = snapshot
        report.statistics = snapshot.record.statistics
      }
      report.nanoseconds = MonotonicClock.nanoseconds - start
      return report
    } catch  where error.code == .interrupted {
      // The stages have flushed: what was stored is kept and found by the next run.
      try session?.close()
      throw error
    } catch {
      try session?.abandon(after: error)
      throw error
    }
  }

  /// The repository and its cache, so that a backup of everything doesn't back itself up.
  private static func findOwn(
    _ repository: Repository
  ) -> Set<SourceWalker.DirectoryIdentity> {
    var own: Set<SourceWalker.DirectoryIdentity> = []
    var paths = [repository.cacheDirectory]
    if repository.store is DirectoryStore { paths.append(repository.store.location) }
    for path in paths {
      do throws(CairnError) {
        let status = try DirectoryHandle.working.open(
          RawPath(path), [.directory, .placeOnly, .followingLink]
        ).status()
        own.insert(.init(device: status.device, inode: status.inode))
      } catch {
        continue  // it isn't there, so it won't be met
      }
    }
    return own
  }
}
