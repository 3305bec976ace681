package import CairnCore
package import CairnFormat

/// Builds a directory from its entries, which arrive in the order of names.
///
/// Entries are grouped into pages at places their names decide, so that one new or changed entry
/// in a directory of a million rewrites one page and those above it. A small directory is one page.
package struct DirectoryBuilder {
  /// A page doesn't end before it has so many bytes, unless the directory does.
  private static let pageByteCountMin = 8 << 10
  private static let pageByteCountMax = 256 << 10
  /// One name in so many ends a page: about 50 kB with ordinary entries.
  private static let entriesPerPage: UInt64 = 256
  private static let childrenPerPage: UInt64 = 128
  private static let childrenPerPageMin = 16
  private static let childrenPerPageMax = 1024

  private var page = ByteWriter(capacity: 4096)
  private var lastName: [UInt8] = []
  private var children: [TreePage.Child] = []
  private var isPageEmpty = true
  private var entryCount: UInt64 = 0
  private var byteCount: UInt64 = 0

  package init() {
    TreePage.beginDirectory(level: 0, in: &page)
  }

  /// Appends an entry. `record` is what ``Node/encode(into:)`` gave; `below` what its subtree
  /// amounts to when it is a directory; `size` its bytes when it is a file.
  package mutating func append(
    record: UnsafeRawBufferPointer, name: UnsafeRawBufferPointer,
    below: DirectoryContent? = nil, size: UInt64 = 0, to tree: TreeWriter
  ) throws(CairnError) {
    page.prefixed(record)
    isPageEmpty = false
    entryCount += 1 + (below?.entryCount ?? 0)
    byteCount += size + (below?.byteCount ?? 0)
    let isBoundary =
      page.count >= DirectoryBuilder.pageByteCountMin
      && DirectoryBuilder.hash(name) % DirectoryBuilder.entriesPerPage == 0
    if isBoundary || page.count >= DirectoryBuilder.pageByteCountMax {
      try endPage(lastName: [UInt8](name), tree)
    } else {
      lastName.removeAll(keepingCapacity: true)
      lastName.append(contentsOf: name)
    }
  }

  package mutating func append(_ node: Node, to tree: TreeWriter) throws(CairnError) {
    var writer = ByteWriter(capacity: 256)
    node.encode(into: &writer)
    let result: Result<Void, CairnError> = writer.bytes.withUnsafeBytes { record in
      node.name.withUnsafeBytes { name in
        do throws(CairnError) {
          try append(
            record: record, name: name, below: node.directory,
            size: node.type == .regular ? node.size : 0, to: tree)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
  }

  private mutating func endPage(lastName: [UInt8], _ tree: TreeWriter) throws(CairnError) {
    let id = try tree.store(page.bytes)
    children.append(TreePage.Child(lastName: lastName, page: id))
    page.removeAll()
    TreePage.beginDirectory(level: 0, in: &page)
    isPageEmpty = true
  }

  /// Stores what is left, builds the levels above, and gives the root.
  package mutating func finish(_ tree: TreeWriter) throws(CairnError) -> DirectoryContent {
    if !isPageEmpty || children.isEmpty { try endPage(lastName: lastName, tree) }
    var level = 0
    while children.count > 1 {
      level += 1
      children = try DirectoryBuilder.group(children, level: level, tree)
    }
    return DirectoryContent(
      root: children[0].page, level: UInt8(level), entryCount: entryCount, byteCount: byteCount)
  }

  private static func group(
    _ children: [TreePage.Child], level: Int, _ tree: TreeWriter
  ) throws(CairnError) -> [TreePage.Child] {
    var parents: [TreePage.Child] = []
    var page = ByteWriter()
    var count = 0
    for (position, child) in children.enumerated() {
      if count == 0 {
        page.removeAll()
        TreePage.beginDirectory(level: level, in: &page)
      }
      TreePage.encode(child: child, into: &page)
      count += 1
      let isBoundary =
        count >= childrenPerPageMin
        && child.page.digest.prefixWord.littleEndian % childrenPerPage == 0
      if isBoundary || count == childrenPerPageMax || position == children.count - 1 {
        let id = try tree.store(page.bytes)
        parents.append(TreePage.Child(lastName: child.lastName, page: id))
        count = 0
      }
    }
    return parents
  }

  /// FNV-1a, 64 bits, its high half folded in: which names end a page. Not secret; pages are sealed.
  private static func hash(_ name: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash ^ (hash >> 32)
  }
}

/// Builds the chunk list of a file from its chunks, in order. Short lists stay in the node; long
/// ones are paged at places the chunk ids decide, so that a changed block in a 100 GB image
/// rewrites one page of the list and those above it.
package struct ContentListBuilder {
  private static let referencesPerPage: UInt64 = 512
  private static let referencesPerPageMin = 64
  private static let referencesPerPageMax = 4096

  private var pending: [ContentReference] = []
  private var pages: [ContentReference] = []

  package init() {}

  package mutating func append(
    _ reference: ContentReference, to tree: TreeWriter
  ) throws(CairnError) {
    pending.append(reference)
    if ContentListBuilder.endsPage(reference, count: pending.count) {
      pages.append(try ContentListBuilder.store(pending, level: 0, tree))
      pending.removeAll(keepingCapacity: true)
    }
  }

  package mutating func finish(_ tree: TreeWriter) throws(CairnError) -> FileContent {
    if pages.isEmpty && pending.count <= FileContent.inlineCountMax { return .inline(pending) }
    if !pending.isEmpty { pages.append(try ContentListBuilder.store(pending, level: 0, tree)) }
    var level = 0
    while pages.count > 1 {
      level += 1
      var parents: [ContentReference] = []
      var group: [ContentReference] = []
      for (position, page) in pages.enumerated() {
        group.append(page)
        if ContentListBuilder.endsPage(page, count: group.count) || position == pages.count - 1 {
          parents.append(try ContentListBuilder.store(group, level: level, tree))
          group.removeAll(keepingCapacity: true)
        }
      }
      pages = parents
    }
    return .paged(level: UInt8(level), root: pages[0])
  }

  private static func endsPage(_ reference: ContentReference, count: Int) -> Bool {
    count >= referencesPerPageMax
      || (count > referencesPerPageMin
        && reference.id.digest.prefixWord.littleEndian % referencesPerPage == 0)
  }

  private static func store(
    _ references: [ContentReference], level: Int, _ tree: TreeWriter
  ) throws(CairnError) -> ContentReference {
    var page = ByteWriter(capacity: references.count * 36 + 8)
    TreePage.beginList(level: level, in: &page)
    for reference in references { TreePage.encode(reference: reference, into: &page) }
    return ContentReference(
      id: try tree.store(page.bytes), byteCount: references.reduce(0) { $0 + $1.byteCount })
  }
}
