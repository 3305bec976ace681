package import CairnCore
package import CairnFormat
package import CairnRepository

/// Lists what is in a snapshot.
package struct SnapshotLister {
  private let reader: TreeReader
  private let isRecursive: Bool
  private let body: (_ path: [UInt8], Node) throws(CairnError) -> Void

  /// Calls `body` with the entries of the directory at `path` (without one, the root), or with the
  /// entry itself when it is none; with `recursive`, with everything below, parents first. Paths
  /// are absolute. `notFound` when there is no such path.
  package static func list(
    _ snapshot: SnapshotRecord, path: [[UInt8]]? = nil, recursive: Bool,
    in repository: Repository,
    _ body: (_ path: [UInt8], Node) throws(CairnError) -> Void
  ) throws(CairnError) {
    let root = try snapshot.directory()
    let reader = TreeReader(repository)
    try withoutActuallyEscaping(body) { (body) throws(CairnError) in
      let lister = SnapshotLister(reader: reader, isRecursive: recursive, body: body)
      guard let path, !path.isEmpty else { return try lister.list(root, at: [], depth: 0) }
      let absolute = path.reduce(into: [UInt8]()) { absolute, name in
        absolute.append(UInt8(ascii: "/"))
        absolute.append(contentsOf: name)
      }
      let entry = try reader.entry(at: path, from: root)
      guard let directory = entry.directory else { return try body(absolute, entry) }
      try lister.list(directory, at: absolute, depth: 0)
    }
  }

  private func list(
    _ directory: DirectoryContent, at path: [UInt8], depth: Int
  ) throws(CairnError) {
    guard depth < TreeWalk.depthMax else {
      throw CairnError.damaged("directories are nested too deeply")
    }
    try reader.forEachNode(in: directory) { (node) throws(CairnError) in
      let nodePath = path + [UInt8(ascii: "/")] + node.name
      try body(nodePath, node)
      if isRecursive, let below = node.directory {
        try list(below, at: nodePath, depth: depth + 1)
      }
    }
  }
}
