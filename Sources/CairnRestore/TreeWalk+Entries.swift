internal import CairnCore
internal import CairnFormat
internal import CairnRepository
internal import CairnSystem
internal import Synchronization

/// What the walk does with each entry.
extension TreeWalk {
  func restore(
    _ node: Node, in directory: TargetDirectory, mayExist: Bool
  ) throws(CairnError) {
    if node.type == .directory, let content = node.directory {
      return try restore(node, content, in: directory, mayExist: mayExist)
    }
    if try isSecondName(node, in: directory) { return }
    let links = makeLinkGroup(node, in: directory)
    if node.type == .regular { return try add(node, in: directory, mayExist: mayExist, links) }
    directory.retain()
    window.specials.append(
      SpecialEntry(
        node: node, name: RawPath(node.name), metadata: metadata(of: node),
        directory: directory, mayExist: mayExist, links: links))
    if window.isFull { try flush() }
  }

  private func restore(
    _ node: Node, _ content: DirectoryContent, in parent: TargetDirectory, mayExist: Bool
  ) throws(CairnError) {
    let directory: TargetDirectory
    do throws(CairnError) {
      directory = try target.makeDirectory(
        RawPath(node.name), in: parent, metadata: metadata(of: node), mayExist: mayExist,
        isWithinSources: parent.isWithinSources || isSource(path))
    } catch {
      target.log.note(
        try MetadataWriter.tolerating(error), at: parent.path(of: RawPath(node.name)))
      return
    }
    target.log.add(.directories)
    if directory.isNew { target.log.tell(.create, directory.path) }
    target.log.progress.itemCount.add(1)
    try entries(of: content, into: directory)
    try target.drop(directory)
  }

  private func add(
    _ node: Node, in directory: TargetDirectory, mayExist: Bool, _ links: LinkGroup?
  ) throws(CairnError) {
    let file = TargetFile(
      node, metadata: metadata(of: node), in: directory,
      mayExist: mayExist && !directory.isVirtual, links: links)
    if window.isFull { try flush() }
    var span = RestoreWindow.Span(file: file, start: window.placements.count, count: 0)
    var offset: UInt64 = 0
    do throws(CairnError) {
      try reader.forEachChunk(of: node.content) { (reference) throws(CairnError) in
        guard reference.byteCount <= UInt64(Limits.chunkByteCountMax) else {
          throw CairnError.damaged("chunk length is impossible")
        }
        if window.placements.count == RestoreWindow.placementCountMax {
          span.continues = true
          file.isSplit.store(true, ordering: .releasing)
          append(span)
          try flush()
          span = RestoreWindow.Span(file: file, start: 0, count: 0)
        }
        window.placements.append(
          Placement(
            id: reference.id, contentOffset: offset, byteCount: UInt32(reference.byteCount),
            file: UInt32(window.spans.count)))
        offset += reference.byteCount
        span.count += 1
      }
    } catch  where error.isStoreDamage {
      file.fail(CairnError.damaged(error.message))
    }
    append(span)
  }

  private func append(_ span: RestoreWindow.Span) {
    window.spans.append(span)
    guard span.file.mayExist else { return }
    var start = span.start
    repeat {
      let count = min(RestoreWindow.comparisonCountMax, span.start + span.count - start)
      window.comparisons.append(
        RestoreWindow.Comparison(file: span.file, start: start, count: count))
      start += count
    } while start < span.start + span.count
  }

  /// Whether another name of the same file came before; then this one is linked to it.
  private func isSecondName(
    _ node: Node, in directory: TargetDirectory
  ) throws(CairnError) -> Bool {
    guard node.linkCount > 1 else { return false }
    let key = LinkKey(device: node.device, inode: node.inode)
    guard var links = hardLinks[key] else { return false }
    links.remainingCount -= 1
    let name = LinkGroup.Name(directory: directory, name: RawPath(node.name))
    directory.retain()
    links.group.directory.retain()
    if let isWhole = links.group.add(name) {
      try target.link(name, to: links.group, isWhole: isWhole)
    }
    if links.remainingCount == 0 {
      hardLinks[key] = nil
      try target.drop(links.group.directory)
    } else {
      hardLinks[key] = links
    }
    return true
  }

  private func makeLinkGroup(_ node: Node, in directory: TargetDirectory) -> LinkGroup? {
    guard node.linkCount > 1 else { return nil }
    let group = LinkGroup(directory: directory, first: RawPath(node.name))
    directory.retain()
    hardLinks[LinkKey(device: node.device, inode: node.inode)] = Links(
      group: group, remainingCount: node.linkCount - 1)
    return group
  }
}

/// Numbers of owners on this machine. Files that follow one another mostly have the same owner.
struct OwnerNumbers {
  private let usesNumbers: Bool
  private let names = OwnerNames()
  private var lastUser: (name: [UInt8], id: UInt32?) = ([], nil)
  private var lastGroup: (name: [UInt8], id: UInt32?) = ([], nil)

  init(usesNumbers: Bool) {
    self.usesNumbers = usesNumbers
  }

  mutating func user(_ node: Node) -> UInt32 {
    if usesNumbers || node.userName.isEmpty { return node.uid }
    if lastUser.name != node.userName { lastUser = (node.userName, names.userID(node.userName)) }
    return lastUser.id ?? node.uid
  }

  mutating func group(_ node: Node) -> UInt32 {
    if usesNumbers || node.groupName.isEmpty { return node.gid }
    if lastGroup.name != node.groupName {
      lastGroup = (node.groupName, names.groupID(node.groupName))
    }
    return lastGroup.id ?? node.gid
  }
}
