internal import CairnCore
internal import CairnFormat
internal import CairnIndex
internal import CairnRepository
internal import CairnSystem

/// Walks the sources in the order of their trees, beside the parent snapshot, and hands what it
/// finds to the workers. On a thread of its own.
final class SourceWalker {
  let context: BackupContext
  let builder: BatchBuilder
  private let reader: LargeFileReader
  private let parentTree: TreeReader?
  /// What changed at or after this moment is read again, whatever its times say.
  private let settledBefore: Timestamp
  private let index: IndexReader
  /// One listing a depth, reused.
  private var listings: [DirectoryListing] = []
  private var parents: [ParentListing] = []
  private var contentIDs: [ChunkID] = []
  private var locations: [ChunkLocation] = []
  /// Directories that are never backed up: the repository itself and its cache.
  private let ownDirectories: Set<DirectoryIdentity>

  struct DirectoryIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  init(
    _ context: BackupContext, pipeline: Pipeline, parent: Snapshot?,
    ownDirectories: Set<DirectoryIdentity>
  ) {
    self.context = context
    builder = BatchBuilder(pipeline: pipeline)
    reader = LargeFileReader(
      builder: builder, chunker: context.chunker, progress: context.progress,
      cancellation: context.cancellation)
    parentTree = parent == nil ? nil : TreeReader(context.repository)
    settledBefore = SourceWalker.settled(parent?.record.started ?? Timestamp(seconds: 0))
    self.ownDirectories = ownDirectories
    index = context.repository.index.makeReader()
  }

  /// File systems stamp changes with the tick of a coarse clock, 10 ms at most: two changes in one
  /// tick look like one.
  private static func settled(_ started: Timestamp) -> Timestamp {
    let tick: UInt32 = 10_000_000
    if started.nanoseconds >= tick {
      return Timestamp(seconds: started.seconds, nanoseconds: started.nanoseconds - tick)
    }
    return Timestamp(
      seconds: started.seconds - 1, nanoseconds: started.nanoseconds + 1_000_000_000 - tick)
  }

  // MARK: Roots

  /// Walks all sources below `roots`.
  func walk(_ roots: SourceRoots, parent: DirectoryContent?) throws(CairnError) {
    if roots.isWalked {
      let root = try open(roots.path)
      try walk(root, depth: 0, parent: parent, device: try root.descriptor.status().device)
    } else {
      try walkChildren(of: roots, depth: 0, parent: parent)
    }
    try builder.submit()
  }

  private func walkChildren(
    of roots: SourceRoots, depth: Int, parent: DirectoryContent?
  ) throws(CairnError) {
    let directory: SourceDirectory
    do throws(CairnError) {
      directory = try open(roots.path)
    } catch  where error.code != .interrupted {
      for root in roots.walkedPaths { context.log.report(root, error.reason) }
      return
    }
    let known = parentListing(depth)
    known.load(parent, from: parentTree)
    for child in roots.sortedChildren {
      if child.isWalked {
        try walkRoot(child.name, in: directory, known: known, depth: depth)
      } else {
        let status: FileStatus
        do throws(CairnError) {
          // A directory on the way to a source is taken for what it leads to, link or not.
          status = try open(child.path).descriptor.status()
        } catch  where error.code != .interrupted {
          for root in child.walkedPaths { context.log.report(root, error.reason) }
          continue
        }
        guard let node = context.nodes.make(name: child.name, status), node.type == .directory
        else { continue }
        try builder.append(.enter(node))
        let below = try known.content(of: child.name)
        try walkChildren(of: child, depth: depth + 1, parent: below)
        try builder.append(.leave)
      }
    }
  }

  private func walkRoot(
    _ name: [UInt8], in directory: SourceDirectory, known: ParentListing, depth: Int
  ) throws(CairnError) {
    let path = directory.path(of: name)
    let status: FileStatus
    do throws(CairnError) {
      status = try directory.descriptor.directory.status(of: RawPath(name))
    } catch {
      context.log.report(path, error.reason)
      return
    }
    if status.type == .symlink {
      context.log.note(path, "is a symbolic link; the link itself is saved, not what it leads to")
    }
    try walkEntry(
      name, status, in: directory, known: known, depth: depth, device: status.device)
  }

  private func open(_ path: [UInt8]) throws(CairnError) -> SourceDirectory {
    SourceDirectory(
      try DirectoryHandle.working.open(
        RawPath(path), [.read, .directory, .keepingAccessTime, .followingLink]), path: path)
  }

  // MARK: Directories

  private func listing(_ depth: Int) -> DirectoryListing {
    while listings.count <= depth { listings.append(DirectoryListing()) }
    return listings[depth]
  }

  private func parentListing(_ depth: Int) -> ParentListing {
    while parents.count <= depth { parents.append(ParentListing()) }
    return parents[depth]
  }

  private func walk(
    _ directory: SourceDirectory, depth: Int, parent: DirectoryContent?, device: UInt64
  ) throws(CairnError) {
    let listing = listing(depth)
    let known = parentListing(depth)
    do throws(CairnError) {
      try listing.fill(from: directory.descriptor)
    } catch {
      context.log.report(directory.path, error.reason)
      return
    }
    known.load(parent, from: parentTree)
    let only = onlyNameKept(of: directory, listing)
    for entry in listing.entries {
      try context.cancellation.check()
      let nameBytes = listing.nameBytes(of: entry)
      if let only, !nameBytes.elementsEqual(only) { continue }
      if !context.options.filter.isEmpty,
        context.options.filter.excludes(
          directory.path(of: [UInt8](nameBytes)), isDirectory: entry.type == .directory)
      {
        continue
      }
      var status = FileStatus.blank
      let result = directory.descriptor.directory.status(
        of: listing.cName(of: entry), into: &status)
      guard result == 0 else {
        context.log.report(
          directory.path(of: [UInt8](nameBytes)),
          -result == Errno.notFound
            ? "vanished while it was backed up" : CairnError.systemMessage(-result))
        continue
      }
      if try takeUnchanged(nameBytes, status, known) { continue }
      try walkEntry(
        [UInt8](nameBytes), status, in: directory, known: known, depth: depth, device: device)
    }
  }

  /// Where the options leave out a directory's content: the name of the one entry that stays (the
  /// marker that says so). `nil` when everything is kept.
  private func onlyNameKept(
    of directory: SourceDirectory, _ listing: DirectoryListing
  ) -> [UInt8]? {
    var markers = context.options.excludeIfPresent.map { Array($0.utf8) }
    if context.options.excludesCaches { markers.append(CacheDirectoryTag.name) }
    guard !markers.isEmpty else { return nil }
    for entry in listing.entries {
      let name = listing.nameBytes(of: entry)
      guard let marker = markers.first(where: { name.elementsEqual($0) }) else { continue }
      if marker == CacheDirectoryTag.name, context.options.excludesCaches,
        !CacheDirectoryTag.isValid(in: directory)
      {
        continue
      }
      context.log.note(
        directory.path, "content left out because of \(RawPath(marker).displayText)")
      return marker
    }
    return nil
  }

  /// Takes an entry over from the parent snapshot when nothing about it has changed and its content
  /// is there. `false` when it must be looked at.
  private func takeUnchanged(
    _ name: UnsafeRawBufferPointer, _ status: FileStatus, _ known: ParentListing
  ) throws(CairnError) -> Bool {
    guard status.type != .directory, !context.options.rereadsAll,
      let type = NodeType(status.type)
    else { return false }
    let taken = try known.find(name) { (summary) throws(CairnError) -> Bool? in
      guard summary.type == type, summary.inode == status.inode,
        summary.changed == status.ctime, summary.modified == status.mtime,
        summary.device == status.device, !summary.isInconsistent,
        type != .regular || summary.changed < settledBefore,
        type != .regular || summary.size == status.size
      else { return nil }
      if type == .regular {
        guard try hasContent(of: summary) else { return nil }
        context.counters.countUnchangedFile(size: Int(summary.size))
        context.progress.byteCount.add(Int(summary.size))
      } else {
        context.counters.others.add(1)
      }
      try builder.append(unchanged: summary)
      context.progress.itemCount.add(1)
      return true
    }
    return taken ?? false
  }

  private func hasContent(of summary: NodeSummary) throws(CairnError) -> Bool {
    contentIDs.removeAll(keepingCapacity: true)
    _ = try summary.appendContentIDs(to: &contentIDs)
    let count = contentIDs.count
    guard count > 0 else { return true }
    if locations.count < count { locations = Array(repeating: ChunkLocation(), count: count) }
    let result: Result<Int, CairnError> = contentIDs.withUnsafeBufferPointer { ids in
      locations.withUnsafeMutableBufferPointer { scratch in
        do throws(CairnError) {
          return .success(try index.lookup(ids, into: scratch.baseAddress!))
        } catch {
          return .failure(error)
        }
      }
    }
    return try result.get() == count
  }

  // MARK: Entries

  private func walkEntry(
    _ name: [UInt8], _ status: FileStatus, in directory: SourceDirectory, known: ParentListing,
    depth: Int, device: UInt64
  ) throws(CairnError) {
    switch status.type {
    case .regular: try take(file: name, status, in: directory, isNew: !known.hasJustSeen(name))
    case .directory:
      try take(
        directory: name, status, in: directory, parent: try known.content(of: name), depth: depth,
        device: device)
    case .symlink, .fifo, .characterDevice, .blockDevice:
      try take(special: name, status, in: directory)
    case .socket: context.log.note(directory.path(of: name), "is a socket and was skipped")
    case .unknown: context.log.report(directory.path(of: name), "is of an unknown type")
    }
  }

  private func take(
    directory name: [UInt8], _ status: FileStatus, in directory: SourceDirectory,
    parent: DirectoryContent?, depth: Int, device: UInt64
  ) throws(CairnError) {
    let path = directory.path(of: name)
    guard var node = context.nodes.make(name: name, status) else { return }
    if ownDirectories.contains(DirectoryIdentity(device: status.device, inode: status.inode)) {
      context.log.note(path, "is cairn's own repository or cache and was left out")
      return
    }
    context.counters.directories.add(1)
    context.progress.item = RawPath(path).displayText
    let opened: SourceDirectory
    do throws(CairnError) {
      opened = SourceDirectory(
        try directory.descriptor.directory.openDirectory(RawPath(name)), path: path)
      node.attributes = try NodeFactory.bounded(
        try opened.descriptor.extendedAttributes())
    } catch {
      context.log.report(path, error.reason)
      // Its name and metadata are kept all the same.
      try builder.append(.enter(node))
      try builder.append(.leave)
      return
    }
    try builder.append(.enter(node))
    if context.options.staysOnFileSystem && status.device != device {
      context.log.note(path, "lies on another file system; its content was left out")
    } else {
      try walk(opened, depth: depth + 1, parent: parent, device: device)
    }
    try builder.append(.leave)
  }

  private func take(
    special name: [UInt8], _ status: FileStatus, in directory: SourceDirectory
  ) throws(CairnError) {
    guard var node = context.nodes.make(name: name, status) else { return }
    let handle = directory.descriptor.directory
    do throws(CairnError) {
      if node.type == .symlink { node.linkTarget = try handle.linkTarget(of: RawPath(name)) }
      node.attributes = try NodeFactory.bounded(
        try handle.extendedAttributes(of: RawPath(name)))
    } catch {
      context.log.report(directory.path(of: name), error.reason)
      return
    }
    context.counters.others.add(1)
    context.progress.itemCount.add(1)
    try builder.append(.node(node))
  }

  private func take(
    file name: [UInt8], _ status: FileStatus, in directory: SourceDirectory, isNew: Bool
  ) throws(CairnError) {
    if status.size <= PipelineLimits.smallFileByteCountMax && !status.mayHaveHoles {
      try builder.append(
        FileTask(directory: directory, name: name, status: status, isNew: isNew))
      return
    }
    let path = directory.path(of: name)
    context.progress.item = RawPath(path).displayText
    do throws(CairnError) {
      let descriptor = try directory.descriptor.directory.open(
        RawPath(name), [.read, .keepingAccessTime])
      try read(descriptor, name: name, path: path, status, isNew: isNew)
    } catch  where error.code != .interrupted && error.errno != nil {
      try abandonFile()
      context.log.report(
        path, error.code == .notFound ? "vanished while it was backed up" : error.reason)
    }
  }

  private func read(
    _ descriptor: borrowing FileDescriptor, name: [UInt8], path: [UInt8], _ seen: FileStatus,
    isNew: Bool
  ) throws(CairnError) {
    let before = try descriptor.status()
    guard before.type == .regular else {
      context.log.report(path, "is no longer a regular file")
      return
    }
    var node = try context.nodes.make(name: name, before, descriptor: descriptor)
    descriptor.advise(.sequential)
    let extents = try descriptor.dataExtents(before)
    let byteCount = try reader.read(descriptor, extents: extents)
    let after = try descriptor.status()
    let expected = extents.reduce(0) { $0 + $1.byteCount }
    if byteCount != expected || !after.describesSameContent(as: before) {
      node.isInconsistent = true
      context.log.report(path, "changed while it was read")
    }
    if expected == before.size {
      node.size = byteCount
    } else {
      node.extents = SourceWalker.shorten(extents, to: byteCount)
    }
    context.counters.countFile(isNew: isNew, byteCount: Int(byteCount), size: Int(node.size))
    context.progress.itemCount.add(1)
    try builder.append(.largeFile(node))
  }

  /// The extents that `byteCount` bytes of content fill.
  private static func shorten(_ extents: [DataExtent], to byteCount: UInt64) -> [DataExtent] {
    var left = byteCount
    var kept: [DataExtent] = []
    for extent in extents where left > 0 {
      let part = min(left, extent.byteCount)
      kept.append(DataExtent(offset: extent.offset, byteCount: part))
      left -= part
    }
    return kept
  }

  /// Drops what was read of a file that then could not be read on.
  private func abandonFile() throws(CairnError) {
    if let arena = builder.batch.arena {
      arena.byteCount = builder.batch.lengths.reduce(0) { $0 + Int($1) }
    }
    try builder.append(.abandoned)
  }

  /// Backs up a stream as one file.
  func take(
    stream descriptor: borrowing FileDescriptor, name: [UInt8], now: Timestamp
  ) throws(CairnError) {
    let byteCount = try reader.readStream(descriptor)
    var node = Node(name: name, type: .regular)
    node.mode = 0o600
    node.modified = now
    node.changed = now
    node.size = byteCount
    context.counters.countFile(isNew: true, byteCount: Int(byteCount))
    context.progress.itemCount.add(1)
    try builder.append(.largeFile(node))
    try builder.submit()
  }
}
