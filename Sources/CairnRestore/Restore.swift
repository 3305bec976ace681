package import CairnCore
package import CairnFormat
package import CairnRepository
internal import CairnSystem

/// Brings files back from a snapshot.
///
/// The walk goes through the tree in the order of names and gathers windows of files; the chunks a
/// window wants are sorted by pack, so that each frame is read and decompressed once and written to
/// every place that wants it. What is in place already is compared and left alone.
package enum Restore {
  /// Restores `path` of a snapshot: without one the whole tree, with its original paths below the
  /// target; else what is in the directory at `path` lands in the target, or the file at `path`
  /// under its name.
  ///
  /// What can't be restored is told in the report. Throws when there is no such path, when the
  /// target can't be written to at all or is full, and what the store throws.
  package static func run(
    snapshot: SnapshotRecord, path: [[UInt8]]? = nil, _ options: RestoreOptions,
    in repository: Repository, progress: Progress = Progress(),
    cancellation: Cancellation = Cancellation()
  ) throws(CairnError) -> RestoreReport {
    let start = MonotonicClock.nanoseconds
    let log = RestoreLog(options, progress: progress)
    let target = RestoreTarget(options, log: log, cancellation: cancellation)
    progress.phase = .running
    progress.itemTotal.set(Int(clamping: snapshot.root.entryCount))
    progress.byteTotal.set(Int(clamping: snapshot.root.byteCount))
    let sources = snapshot.paths.map { normalized($0.bytes) }
    let root = try snapshot.directory()
    try RestoreWorkers(repository: repository, target: target).run {
      (window, submit) throws(CairnError) in
      let reader = TreeReader(repository)
      let walk = TreeWalk(
        target: target, reader: reader, sources: sources, window: window, submit: submit)
      let names = path ?? []
      let absolute = names.reduce(into: [UInt8]()) { path, name in
        path.append(UInt8(ascii: "/"))
        path.append(contentsOf: name)
      }
      let top = names.isEmpty ? nil : try reader.entry(at: names, from: root)
      if let top {
        progress.itemTotal.set(Int(clamping: (top.directory?.entryCount ?? 0) + 1))
        progress.byteTotal.set(Int(clamping: top.directory?.byteCount ?? top.size))
      }
      let directory = try target.openTop(
        metadata: top?.type == .directory ? top.map { walk.metadata(of: $0) } : nil,
        isWithinSources: sources.contains { source in
          source.isEmpty || absolute == source
            || (absolute.starts(with: source) && absolute[source.count] == UInt8(ascii: "/"))
        })
      if let top, top.type != .directory {
        try walk.restore(top, into: directory, path: absolute)
      } else {
        try walk.restore(top?.directory ?? root, into: directory, path: absolute)
      }
      try walk.finish()
      try target.drop(directory)
    }
    progress.phase = .finishing
    return log.finish(nanoseconds: MonotonicClock.nanoseconds - start)
  }

  /// Without slashes at the end: empty for the root. What isn't absolute was no place on a disk.
  private static func normalized(_ path: [UInt8]) -> [UInt8] {
    var path = path
    guard path.first == UInt8(ascii: "/") else { return [0] }
    while path.last == UInt8(ascii: "/") { path.removeLast() }
    return path
  }
}

extension RestoreTarget {
  /// The target itself, made if it is missing.
  func openTop(
    metadata wanted: EntryMetadata?, isWithinSources: Bool
  ) throws(CairnError) -> TargetDirectory {
    let place = DirectoryHandle.working
    func top(inheritsTraits: Bool, isVirtual: Bool) -> TargetDirectory {
      TargetDirectory(
        parent: nil, name: options.target, metadata: wanted, isNew: false,
        inheritsTraits: inheritsTraits, isVirtual: isVirtual, isWithinSources: isWithinSources)
    }
    if !isDryRun { try place.makeDirectories(options.target) }
    do throws(CairnError) {
      let open = try place.open(options.target, [.read, .directory, .followingLink])
      return top(inheritsTraits: try inheritsTraits(open), isVirtual: false)
    } catch  where isDryRun && error.code == .notFound {
      return top(inheritsTraits: false, isVirtual: true)
    }
  }
}
