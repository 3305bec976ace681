package import CairnCore
package import CairnFormat

/// Walks the Merkle lists of a snapshot: directories and the chunk lists of files. For one thread.
package struct TreeReader {
  package let chunks: ChunkReader

  package init(_ repository: Repository) {
    chunks = ChunkReader(repository)
  }

  /// Calls `body` with each entry's record, in the order of names, as ``Node/init(decoding:)``
  /// takes it.
  package func forEachRecord(
    in directory: DirectoryContent, _ body: (UnsafeRawBufferPointer) throws(CairnError) -> Void
  ) throws(CairnError) {
    try forEachRecord(page: directory.root, level: Int(directory.level), body)
  }

  private func forEachRecord(
    page: ChunkID, level: Int, _ body: (UnsafeRawBufferPointer) throws(CairnError) -> Void
  ) throws(CairnError) {
    if level == 0 {
      try chunks.read(page, kind: .tree) { (bytes) throws(CairnError) in
        try TreePage.forEachRecord(bytes, body)
      }
      return
    }
    let children = try chunks.read(page, kind: .tree) { (bytes) throws(CairnError) in
      try TreePage.directoryChildren(bytes, level: level)
    }
    for child in children { try forEachRecord(page: child.page, level: level - 1, body) }
  }

  /// Calls `body` with each entry, in the order of names.
  package func forEachNode(
    in directory: DirectoryContent, _ body: (Node) throws(CairnError) -> Void
  ) throws(CairnError) {
    var last: [UInt8] = []
    try forEachRecord(in: directory) { (record) throws(CairnError) in
      let node = try Node(decoding: record)
      guard last.isEmpty || last.lexicographicallyPrecedes(node.name) else {
        throw CairnError.damaged("directory entries are out of order")
      }
      last = node.name
      try body(node)
    }
  }

  /// All entries of a directory; for directories one can hold in memory.
  package func nodes(in directory: DirectoryContent) throws(CairnError) -> [Node] {
    var nodes: [Node] = []
    try forEachNode(in: directory) { (node) throws(CairnError) in nodes.append(node) }
    return nodes
  }

  /// The entry of that name, `nil` if there is none. Reads one page per level.
  package func entry(
    named name: [UInt8], in directory: DirectoryContent
  ) throws(CairnError) -> Node? {
    var page = directory.root
    var level = Int(directory.level)
    while level > 0 {
      let children = try chunks.read(page, kind: .tree) { (bytes) throws(CairnError) in
        try TreePage.directoryChildren(bytes, level: level)
      }
      guard let child = children.first(where: { !$0.lastName.lexicographicallyPrecedes(name) })
      else { return nil }
      page = child.page
      level -= 1
    }
    let nodes = try chunks.read(page, kind: .tree) { (bytes) throws(CairnError) in
      try TreePage.directoryNodes(bytes)
    }
    return nodes.first { $0.name == name }
  }

  /// The entry at `path`, given as names from the root; `notFound` when there is none.
  package func entry(
    at path: [[UInt8]], from root: DirectoryContent
  ) throws(CairnError) -> Node {
    precondition(!path.isEmpty, "the root itself has no entry")
    var directory = root
    for (depth, name) in path.enumerated() {
      guard let node = try entry(named: name, in: directory) else {
        throw CairnError(.notFound, "the snapshot has no such path")
      }
      if depth == path.count - 1 { return node }
      guard let next = node.directory else {
        throw CairnError(.notFound, "the snapshot has no such path")
      }
      directory = next
    }
    throw CairnError(.notFound, "the snapshot has no such path")
  }

  /// Calls `body` with each chunk of a file, in order.
  package func forEachChunk(
    of content: FileContent, _ body: (ContentReference) throws(CairnError) -> Void
  ) throws(CairnError) {
    switch content {
    case .inline(let references): for reference in references { try body(reference) }
    case .paged(let level, let root): try forEachChunk(page: root, level: Int(level), body)
    }
  }

  private func forEachChunk(
    page: ContentReference, level: Int, _ body: (ContentReference) throws(CairnError) -> Void
  ) throws(CairnError) {
    let references = try self.references(in: page, level: level)
    for reference in references {
      if level == 0 {
        try body(reference)
      } else {
        try forEachChunk(page: reference, level: level - 1, body)
      }
    }
  }

  /// The parts a page of a content list names; `damaged` unless they amount to what the page is
  /// said to stand for.
  package func references(
    in page: ContentReference, level: Int
  ) throws(CairnError) -> [ContentReference] {
    let references = try chunks.read(page.id, kind: .tree) { (bytes) throws(CairnError) in
      try TreePage.listReferences(bytes, level: level)
    }
    guard references.reduce(0, { $0 &+ $1.byteCount }) == page.byteCount else {
      throw CairnError.damaged("content list page \(page.id) doesn't amount to its length")
    }
    return references
  }
}
