package import CairnCore
package import CairnFormat
package import CairnRepository

/// Tells two snapshots apart. Directories that are the same page by page are not read at all.
package struct SnapshotDiff {
  package struct Change: Sendable {
    package enum Kind: String, Sendable {
      case added, removed
      /// Other content, or another target or device.
      case modified
      /// The same content with other metadata.
      case metadata
      /// Something else of the same name.
      case type
    }

    package var kind: Kind
    /// Absolute.
    package var path: [UInt8]
    package var old: Node?
    package var new: Node?
  }

  package struct Summary: Hashable, Sendable {
    package var added = 0
    package var removed = 0
    package var modified = 0
    package var metadata = 0
    package var type = 0
    /// Sizes of the files added, and of the new side of those modified.
    package var bytesAdded: UInt64 = 0
    /// Sizes of the files removed, and of the old side of those modified.
    package var bytesRemoved: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { added + removed + modified + metadata + type == 0 }
  }

  private let reader: TreeReader
  private let body: (Change) throws(CairnError) -> Void
  private var summary = Summary()

  /// Calls `body` with each change from `a` to `b`, in the order of paths, parents first. Of what
  /// was added, removed or became something else, everything below is told. With a `path` only
  /// what is at and below it; a snapshot without that path counts as empty there.
  package static func compare(
    _ a: SnapshotRecord, _ b: SnapshotRecord, path: [[UInt8]]? = nil,
    in repository: Repository, _ body: (Change) throws(CairnError) -> Void
  ) throws(CairnError) -> Summary {
    let old = try a.directory()
    let new = try b.directory()
    let reader = TreeReader(repository)
    return try withoutActuallyEscaping(body) { (body) throws(CairnError) in
      var diff = SnapshotDiff(reader: reader, body: body)
      guard let path, !path.isEmpty else {
        try diff.directories(old, new, at: [], depth: 0)
        return diff.summary
      }
      let absolute = path.reduce(into: [UInt8]()) { absolute, name in
        absolute.append(UInt8(ascii: "/"))
        absolute.append(contentsOf: name)
      }
      let before = try entry(at: path, from: old, reader)
      let after = try entry(at: path, from: new, reader)
      guard before != nil || after != nil else {
        throw CairnError(.notFound, "neither snapshot has such a path")
      }
      try diff.entries(before, after, at: absolute, depth: 0)
      return diff.summary
    }
  }

  private init(reader: TreeReader, body: @escaping (Change) throws(CairnError) -> Void) {
    self.reader = reader
    self.body = body
  }

  private static func entry(
    at path: [[UInt8]], from root: DirectoryContent, _ reader: TreeReader
  ) throws(CairnError) -> Node? {
    do throws(CairnError) {
      return try reader.entry(at: path, from: root)
    } catch  where error.code == .notFound {
      return nil
    }
  }

  private mutating func directories(
    _ old: DirectoryContent?, _ new: DirectoryContent?, at path: [UInt8], depth: Int
  ) throws(CairnError) {
    if let old, let new, old.root == new.root, old.level == new.level { return }
    guard depth < TreeWalk.depthMax else {
      throw CairnError.damaged("directories are nested too deeply")
    }
    let before = try old.map { (old) throws(CairnError) in try reader.nodes(in: old) } ?? []
    let after = try new.map { (new) throws(CairnError) in try reader.nodes(in: new) } ?? []
    var (i, j) = (0, 0)
    while i < before.count || j < after.count {
      let takesOld =
        j == after.count
        || (i < before.count && !after[j].name.lexicographicallyPrecedes(before[i].name))
      let takesNew =
        i == before.count
        || (j < after.count && !before[i].name.lexicographicallyPrecedes(after[j].name))
      let name = takesOld ? before[i].name : after[j].name
      try entries(
        takesOld ? before[i] : nil, takesNew ? after[j] : nil,
        at: path + [UInt8(ascii: "/")] + name, depth: depth)
      if takesOld { i += 1 }
      if takesNew { j += 1 }
    }
  }

  private mutating func entries(
    _ old: Node?, _ new: Node?, at path: [UInt8], depth: Int
  ) throws(CairnError) {
    if let kind = SnapshotDiff.kind(old, new) {
      count(kind, old, new)
      try body(Change(kind: kind, path: path, old: old, new: new))
    }
    if old?.directory != nil || new?.directory != nil {
      try directories(old?.directory, new?.directory, at: path, depth: depth + 1)
    }
  }

  /// `nil` when the entries are alike (a directory's own; not what is below).
  private static func kind(_ old: Node?, _ new: Node?) -> Change.Kind? {
    guard let old else { return .added }
    guard let new else { return .removed }
    if old.type != new.type { return .type }
    switch old.type {
    case .regular:
      if old.size != new.size || old.content != new.content || old.extents != new.extents {
        return .modified
      }
    case .symlink:
      if old.linkTarget != new.linkTarget { return .modified }
    case .characterDevice, .blockDevice:
      if old.deviceMajor != new.deviceMajor || old.deviceMinor != new.deviceMinor {
        return .modified
      }
    case .directory, .fifo: break
    }
    let isAlike =
      old.mode == new.mode && old.uid == new.uid && old.gid == new.gid
      && old.userName == new.userName && old.groupName == new.groupName
      && old.modified == new.modified && old.attributes == new.attributes
    return isAlike ? nil : .metadata
  }

  private mutating func count(_ kind: Change.Kind, _ old: Node?, _ new: Node?) {
    switch kind {
    case .added: summary.added += 1
    case .removed: summary.removed += 1
    case .modified: summary.modified += 1
    case .metadata: summary.metadata += 1
    case .type: summary.type += 1
    }
    guard kind != .metadata else { return }
    if let old, old.type == .regular { summary.bytesRemoved += old.size }
    if let new, new.type == .regular { summary.bytesAdded += new.size }
  }
}
