internal import CairnCore
internal import CairnFormat
internal import CairnRepository

/// Builds the trees of a snapshot from finished batches, in the order of the walk: a directory is
/// stored when its last entry is there.
final class TreeAssembler {
  private struct Level {
    var node: Node?
    var builder = DirectoryBuilder()
  }

  private let tree: TreeWriter
  private var levels = [Level()]
  private var largeFile = ContentListBuilder()
  private var waiting: [Int: Batch] = [:]
  private var nextSequence = 0

  init(session: WriteSession) {
    tree = TreeWriter(session: session)
  }

  /// Takes a batch; those that came too early wait for their turn. Returns how many had it.
  func take(_ batch: Batch) throws(CairnError) -> Int {
    waiting[batch.sequence] = batch
    var count = 0
    while let next = waiting.removeValue(forKey: nextSequence) {
      try assemble(next)
      nextSequence += 1
      count += 1
    }
    return count
  }

  private func assemble(_ batch: Batch) throws(CairnError) {
    for event in batch.events {
      switch event {
      case .enter(let node): levels.append(Level(node: node))
      case .leave: try leave()
      case .node(let node): try append(node)
      case .unchanged(let start, let count, let nameCount, let size):
        try appendRecord(batch, start: start, count: count, nameCount: nameCount, size: size)
      case .file(let index): try appendFile(batch, batch.tasks[index])
      case .part(let first, let count):
        for position in first..<first + count {
          try largeFile.append(reference(batch, position), to: tree)
        }
      case .largeFile(var node):
        node.content = try largeFile.finish(tree)
        largeFile = ContentListBuilder()
        try append(node)
      case .abandoned: largeFile = ContentListBuilder()
      }
    }
  }

  private func reference(_ batch: Batch, _ position: Int) -> ContentReference {
    ContentReference(id: batch.ids[position], byteCount: UInt64(batch.lengths[position]))
  }

  private func append(_ node: Node) throws(CairnError) {
    try levels[levels.count - 1].builder.append(node, to: tree)
  }

  private func appendRecord(
    _ batch: Batch, start: Int, count: Int, nameCount: Int, size: UInt64
  ) throws(CairnError) {
    try batch.records.withBytes { (records) throws(CairnError) in
      let record = UnsafeRawBufferPointer(rebasing: records[start..<start + count])
      // The name follows its length, a varint of one or two bytes.
      let nameStart = nameCount < 128 ? 1 : 2
      try levels[levels.count - 1].builder.append(
        record: record,
        name: UnsafeRawBufferPointer(rebasing: record[nameStart..<nameStart + nameCount]),
        size: size, to: tree)
    }
  }

  private func appendFile(_ batch: Batch, _ task: FileTask) throws(CairnError) {
    guard var node = task.node else { return }
    if task.chunkCount <= FileContent.inlineCountMax {
      node.content = .inline(
        (task.firstChunk..<task.firstChunk + task.chunkCount).map { reference(batch, $0) })
    } else {
      var list = ContentListBuilder()
      for position in task.firstChunk..<task.firstChunk + task.chunkCount {
        try list.append(reference(batch, position), to: tree)
      }
      node.content = try list.finish(tree)
    }
    try append(node)
  }

  private func leave() throws(CairnError) {
    guard var level = levels.popLast(), var node = level.node else {
      preconditionFailure("a directory ends that never began")
    }
    node.directory = try level.builder.finish(tree)
    try append(node)
  }

  /// The root of everything; stores what is left.
  func finish() throws(CairnError) -> DirectoryContent {
    precondition(levels.count == 1 && waiting.isEmpty, "every directory has ended")
    let root = try levels[0].builder.finish(tree)
    try tree.finish()
    return root
  }

  /// Keeps what was stored so far, after an interruption.
  func finishEarly() throws(CairnError) {
    try tree.finish()
  }
}
