internal import CairnCore
internal import CairnFormat
internal import CairnRepository
internal import CairnSystem

/// Walks the part of a snapshot that is restored, in the order of names: makes directories, removes
/// what is extra, and hands windows of files to the workers. For one thread.
final class TreeWalk {
  /// Directories in one another. More are a hostile tree: no path so long can be opened.
  static let depthMax = 2000

  let target: RestoreTarget
  let reader: TreeReader
  private let submit: (RestoreWindow) throws(CairnError) -> RestoreWindow
  var window: RestoreWindow
  private var owners: OwnerNumbers
  var hardLinks: [LinkKey: Links] = [:]
  private let sources: [[UInt8]]
  /// Of the entry at hand, absolute as in the snapshot.
  var path: [UInt8] = []
  private var listings: [DirectoryListing] = []
  private var depth = 0

  struct LinkKey: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  struct Links {
    let group: LinkGroup
    /// Names still to come.
    var remainingCount: UInt64
  }

  /// `submit` takes a full window and gives an empty one, waiting for it if need be.
  init(
    target: RestoreTarget, reader: TreeReader, sources: [[UInt8]], window: RestoreWindow,
    submit: @escaping (RestoreWindow) throws(CairnError) -> RestoreWindow
  ) {
    self.target = target
    self.reader = reader
    self.sources = sources
    self.window = window
    self.submit = submit
    owners = OwnerNumbers(usesNumbers: target.options.usesNumericIDs)
  }

  /// Restores what is in `content` into `directory`, whose path in the snapshot is `path` (empty
  /// for the root).
  func restore(
    _ content: DirectoryContent, into directory: TargetDirectory, path: [UInt8]
  ) throws(CairnError) {
    self.path = path
    try entries(of: content, into: directory)
  }

  /// Restores one entry that is no directory.
  func restore(
    _ node: Node, into directory: TargetDirectory, path: [UInt8]
  ) throws(CairnError) {
    self.path = path
    try restore(node, in: directory, mayExist: !directory.isVirtual)
  }

  /// Hands on what is left and lets go of everything.
  func finish() throws(CairnError) {
    try flush()
    for links in hardLinks.values { try target.drop(links.group.directory) }
    hardLinks = [:]
  }

  func metadata(of node: Node) -> EntryMetadata {
    var metadata = EntryMetadata(
      mode: node.mode, uid: owners.user(node), gid: owners.group(node), modified: node.modified,
      attributes: node.attributes)
    if !target.metadata.restoresOwners, node.type == .regular {
      metadata.withdrawIdentityBits(uid: target.metadata.ownUID, gid: target.metadata.ownGID)
    }
    return metadata
  }

  func isSource(_ path: [UInt8]) -> Bool { sources.contains(path) }

  func flush() throws(CairnError) {
    if !window.isEmpty { window = try submit(window) }
  }

  // MARK: Directories

  func entries(
    of content: DirectoryContent, into directory: TargetDirectory
  ) throws(CairnError) {
    guard depth < TreeWalk.depthMax else {
      throw CairnError.damaged("directories are nested too deeply")
    }
    depth += 1
    defer { depth -= 1 }
    let listing = try list(directory)
    var next = 0
    let base = path.count
    defer { path.removeSubrange(base...) }
    do throws(CairnError) {
      try reader.forEachNode(in: content) { (node) throws(CairnError) in
        try target.cancellation.check()
        path.append(UInt8(ascii: "/"))
        path.append(contentsOf: node.name)
        defer { path.removeSubrange(base...) }
        var mayExist = false
        if let listing {
          (mayExist, next) = try pass(listing, from: next, to: node.name, in: directory, base: base)
        }
        let isExcluded =
          !target.options.filter.isEmpty
          && target.options.filter.excludes(path, isDirectory: node.type == .directory)
        if !isExcluded { try restore(node, in: directory, mayExist: mayExist) }
      }
      if let listing {
        try removeExtra(listing, next..<listing.count, in: directory, base: base)
      }
    } catch  where error.code == .damaged || error.code == .unsupported {
      target.log.note(
        CairnError.damaged("some of its entries can't be read: \(error.message)"),
        at: directory.path)
    }
    if let listing { listings.append(listing) }
  }

  /// What is in the directory now; `nil` when nothing can be.
  private func list(_ directory: TargetDirectory) throws(CairnError) -> DirectoryListing? {
    if directory.isNew || directory.isVirtual { return nil }
    let listing = listings.popLast() ?? DirectoryListing()
    do throws(CairnError) {
      try target.within(directory) { (handle) throws(CairnError) in
        try listing.fill(from: try handle.openDirectory(.current))
      }
    } catch {
      target.log.note(try MetadataWriter.tolerating(error), at: directory.path)
      return nil
    }
    return listing
  }

  /// Passes the existing names before `name`, which are extra. Tells whether `name` itself is
  /// there and where to go on.
  private func pass(
    _ listing: DirectoryListing, from start: Int, to name: [UInt8],
    in directory: TargetDirectory, base: Int
  ) throws(CairnError) -> (isThere: Bool, next: Int) {
    var next = start
    var isThere = false
    while next < listing.count {
      let order = TreeWalk.compare(listing.nameBytes(of: listing.entries[next]), name)
      if order > 0 { break }
      next += 1
      if order == 0 {
        isThere = true
        break
      }
    }
    let extraEnd = isThere ? next - 1 : next
    if extraEnd > start { try removeExtra(listing, start..<extraEnd, in: directory, base: base) }
    return (isThere, next)
  }

  private static func compare(_ a: UnsafeRawBufferPointer, _ b: [UInt8]) -> Int {
    for (x, y) in zip(a, b) where x != y { return x < y ? -1 : 1 }
    return a.count - b.count
  }

  private func removeExtra(
    _ listing: DirectoryListing, _ range: Range<Int>, in directory: TargetDirectory, base: Int
  ) throws(CairnError) {
    guard target.options.deletesExtra, directory.isWithinSources else { return }
    for entry in listing.entries[range] {
      let name = RawPath(listing.name(of: entry))
      let extraPath = path[..<base] + [UInt8(ascii: "/")] + name.bytes
      do throws(CairnError) {
        let isGone = try target.within(directory) { (handle) throws(CairnError) in
          try TreeRemoval(target: target, device: try handle.status(of: .current))
            .remove(name, in: handle, path: [UInt8](extraPath))
        }
        if isGone { target.log.tell(.delete, directory.path(of: name)) }
      } catch {
        target.log.note(try MetadataWriter.tolerating(error), at: directory.path(of: name))
      }
    }
  }
}
