internal import CairnCore
internal import CairnFormat
internal import CairnIndex
internal import CairnRepository

/// Walks the trees of snapshots, each page once however many snapshots share it, and marks every
/// chunk they need in a ``ChunkMap``.
///
/// Memory is bounded by the map (8.5 bytes a chunk), the reader's cache of frames and the pages
/// waiting on one path down. For one thread.
final class TreeWalk {
  /// A page that is still to be looked at.
  private struct Waiting {
    enum Kind { case directory, list }

    var kind: Kind
    var level: Int
    var id: ChunkID
    /// Bytes a page of a content list stands for.
    var byteCount: UInt64
    /// Name of the entry it belongs to: the last `nameByteCount` bytes of ``names``; a page of the
    /// entry at `depth` itself has none.
    var nameByteCount: Int
    /// Entries on the path above.
    var depth: Int
  }

  private let chunks: ChunkReader
  private let map: ChunkMap
  private let cancellation: Cancellation
  private let progress: Progress
  /// Called with each damage met: the snapshot, the path in it, and what is wrong.
  private let onDamage: (Snapshot, [UInt8], CairnError) throws(CairnError) -> Void

  private var waiting: [Waiting] = []
  private var names: [UInt8] = []
  private var path: [UInt8] = []
  /// Length of ``path`` at each depth.
  private var pathByteCounts: [Int] = []
  private var lastName: [UInt8] = []

  private(set) var pageCount = 0
  private(set) var fileCount = 0
  private(set) var chunkCount = 0

  init(
    _ repository: Repository, map: ChunkMap, progress: Progress, cancellation: Cancellation,
    onDamage: @escaping (Snapshot, [UInt8], CairnError) throws(CairnError) -> Void
  ) {
    chunks = ChunkReader(repository)
    self.map = map
    self.progress = progress
    self.cancellation = cancellation
    self.onDamage = onDamage
  }

  /// Walks what no earlier call has walked.
  func walk(_ snapshot: Snapshot) throws(CairnError) {
    path = []
    pathByteCounts = [0]
    names = []
    do throws(CairnError) {
      let root = try snapshot.record.directory()
      waiting = [
        Waiting(
          kind: .directory, level: Int(root.level), id: root.root, byteCount: 0, nameByteCount: 0,
          depth: 0)
      ]
    } catch {
      try onDamage(snapshot, [], error)
      return
    }
    while let next = waiting.popLast() {
      enter(next)
      do throws(CairnError) {
        switch map.mark(next.id, kind: .tree) {
        case .again: continue
        case .missing, .wrongLength:
          throw CairnError.damaged("tree page \(next.id) is missing: no index segment has it")
        case .first: break
        }
        try cancellation.check()
        pageCount += 1
        try visit(next, of: snapshot)
      } catch  where error.isAboutObject {
        try onDamage(snapshot, path, error)
      }
    }
  }

  /// Makes ``path`` that of the entry a page belongs to.
  private func enter(_ next: Waiting) {
    pathByteCounts.removeLast(pathByteCounts.count - 1 - next.depth)
    path.removeLast(path.count - pathByteCounts[next.depth])
    if next.nameByteCount > 0 {
      path.append(UInt8(ascii: "/"))
      path.append(contentsOf: names.suffix(next.nameByteCount))
      names.removeLast(next.nameByteCount)
    }
    pathByteCounts.append(path.count)
  }

  private func visit(_ page: Waiting, of snapshot: Snapshot) throws(CairnError) {
    let below = page.depth + 1
    try chunks.read(page.id, kind: .tree) { (bytes) throws(CairnError) in
      switch (page.kind, page.level) {
      case (.directory, 0): try visitEntries(bytes, depth: below, of: snapshot)
      case (.directory, let level):
        for child in try TreePage.directoryChildren(bytes, level: level) {
          waiting.append(
            Waiting(
              kind: .directory, level: level - 1, id: child.page, byteCount: 0, nameByteCount: 0,
              depth: below))
        }
      case (.list, let level): try visitList(bytes, page, level: level, of: snapshot)
      }
    }
  }

  private func visitEntries(
    _ bytes: UnsafeRawBufferPointer, depth: Int, of snapshot: Snapshot
  ) throws(CairnError) {
    lastName.removeAll(keepingCapacity: true)
    try TreePage.forEachRecord(bytes) { (record) throws(CairnError) in
      let node = try NodeReferences(scanning: record)
      guard lastName.isEmpty || lastName.lexicographicallyPrecedes(node.name) else {
        throw CairnError.damaged("directory entries are out of order")
      }
      lastName.removeAll(keepingCapacity: true)
      lastName.append(contentsOf: node.name)
      if node.type == .regular { fileCount += 1 }
      do throws(CairnError) {
        try node.forEachChunk { (reference) throws(CairnError) in try note(reference) }
      } catch  where error.isAboutObject {
        try onDamage(snapshot, path + [UInt8(ascii: "/")] + lastName, error)
      }
      if let list = node.list {
        push(.list, level: list.level, id: list.root.id, byteCount: list.root.byteCount, depth)
      }
      if let directory = node.directory {
        push(.directory, level: Int(directory.level), id: directory.root, byteCount: 0, depth)
      }
    }
  }

  /// Puts off a page of the entry whose name is in ``lastName``.
  private func push(
    _ kind: Waiting.Kind, level: Int, id: ChunkID, byteCount: UInt64, _ depth: Int
  ) {
    names.append(contentsOf: lastName)
    waiting.append(
      Waiting(
        kind: kind, level: level, id: id, byteCount: byteCount, nameByteCount: lastName.count,
        depth: depth))
  }

  private func visitList(
    _ bytes: UnsafeRawBufferPointer, _ page: Waiting, level: Int, of snapshot: Snapshot
  ) throws(CairnError) {
    let references = try TreePage.listReferences(bytes, level: level)
    guard references.reduce(0, { $0 &+ $1.byteCount }) == page.byteCount else {
      throw CairnError.damaged("content list page \(page.id) doesn't amount to its length")
    }
    for reference in references {
      if level > 0 {
        waiting.append(
          Waiting(
            kind: .list, level: level - 1, id: reference.id, byteCount: reference.byteCount,
            nameByteCount: 0, depth: page.depth + 1))
      } else {
        do throws(CairnError) {
          try note(reference)
        } catch  where error.isAboutObject {
          try onDamage(snapshot, path, error)
        }
      }
    }
  }

  private func note(_ reference: ContentReference) throws(CairnError) {
    switch map.mark(reference.id, kind: .data, byteCount: reference.byteCount) {
    case .first: chunkCount += 1
    case .again: break
    case .missing:
      throw CairnError.damaged("data chunk \(reference.id) is missing: no index segment has it")
    case .wrongLength:
      throw CairnError.damaged("data chunk \(reference.id) is not of the length its file needs")
    }
  }
}
