package import CairnCore
package import CairnSystem

/// All that a tree of files is, for comparing the source of a backup with what was restored.
package struct TreeDescription: Sendable, Equatable {
  /// Aspects that a comparison may have reasons to leave out.
  package enum Aspect: String, Sendable, CaseIterable {
    case type, mode, owner, mtime, size, content, target, device, attributes, links, data
  }

  /// By path relative to the top, which is `.` itself.
  package private(set) var entries: [RawPath: [Aspect: String]] = [:]

  /// Reads the tree at `path`, following no links.
  package init(of path: RawPath, leavingOut left: Set<Aspect> = []) throws(CairnError) {
    var groups: [FileIdentity: RawPath] = [:]
    try read(path, as: .current, &groups, left)
  }

  /// One line an entry, sorted by path: for printing and for approval tests.
  package var lines: [String] {
    entries.keys.sorted().map { path in
      let aspects = Aspect.allCases.compactMap { aspect in
        entries[path]?[aspect].map { "\(aspect.rawValue)=\($0)" }
      }
      return "\(path) " + aspects.joined(separator: " ")
    }
  }

  /// One line for each entry or aspect in which `other` is not like this; empty when they agree.
  package func differences(from other: TreeDescription) -> [String] {
    var differences: [String] = []
    for path in Set(entries.keys).union(other.entries.keys).sorted() {
      guard let mine = entries[path] else {
        differences.append("\(path): only in the second")
        continue
      }
      guard let theirs = other.entries[path] else {
        differences.append("\(path): only in the first")
        continue
      }
      for aspect in Aspect.allCases where mine[aspect] != theirs[aspect] {
        differences.append(
          "\(path): \(aspect.rawValue) \(mine[aspect] ?? "none") ≠ \(theirs[aspect] ?? "none")")
      }
    }
    return differences
  }

  private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  private mutating func read(
    _ path: RawPath, as shown: RawPath, _ groups: inout [FileIdentity: RawPath],
    _ left: Set<Aspect>
  ) throws(CairnError) {
    let place = DirectoryHandle.working
    let status = try place.status(of: path)
    var aspects = plainAspects(status)
    let attributes = try place.extendedAttributes(of: path)
    if !attributes.isEmpty {
      aspects[.attributes] = attributes.map {
        "\(String(decoding: $0.name, as: UTF8.self)):\(Hex.encode($0.value))"
      }.joined(separator: ",")
    }
    if status.type != .directory && status.linkCount > 1 {
      let identity = FileIdentity(device: status.device, inode: status.inode)
      let first = groups[identity] ?? shown
      groups[identity] = first
      aspects[.links] = "\(status.linkCount) with \(first)"
    }
    switch status.type {
    case .regular:
      let file = try place.open(path, .read)
      aspects[.data] = try file.dataExtents(status).map { "\($0.offset)+\($0.byteCount)" }
        .joined(separator: ",")
      aspects[.content] = try contentHash(file)
    case .symlink:
      aspects[.target] = RawPath(try place.linkTarget(of: path)).displayText
    default: break
    }
    for aspect in left { aspects[aspect] = nil }
    entries[shown] = aspects

    guard status.type == .directory else { return }
    let listing = DirectoryListing()
    try listing.fill(from: place.openDirectory(path))
    for name in listing.entries.map({ RawPath(listing.name(of: $0)) }) {
      let child = shown == .current ? name : shown.appending(name)
      try read(path.appending(name), as: child, &groups, left)
    }
  }

  private func plainAspects(_ status: FileStatus) -> [Aspect: String] {
    var aspects: [Aspect: String] = [
      .type: "\(status.type)",
      .mode: String(status.mode, radix: 8),
      .owner: "\(status.uid):\(status.gid)",
      .mtime: "\(status.mtime.seconds).\(status.mtime.nanoseconds)",
    ]
    switch status.type {
    case .regular: aspects[.size] = "\(status.size)"
    case .characterDevice, .blockDevice:
      aspects[.device] = "\(status.targetMajor):\(status.targetMinor)"
    default: break
    }
    return aspects
  }

  /// FNV-1a over eight bytes at a time: tells accidents apart, which is all a test needs.
  private func contentHash(_ file: borrowing FileDescriptor) throws(CairnError) -> String {
    let buffer = AlignedBuffer(capacity: 1 << 20)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var offset: UInt64 = 0
    while true {
      let count = try file.readFully(into: buffer.bytes, at: offset)
      if count == 0 { return String(hash, radix: 16) }
      for start in stride(from: 0, to: count & ~7, by: 8) {
        let word = buffer.pointer.load(fromByteOffset: start, as: UInt64.self)
        hash = (hash ^ word) &* 0x100_0000_01b3
        hash ^= hash >> 29
      }
      for index in (count & ~7)..<count {
        hash = (hash ^ UInt64(buffer.bytes[index])) &* 0x100_0000_01b3
      }
      offset += UInt64(count)
    }
  }
}
