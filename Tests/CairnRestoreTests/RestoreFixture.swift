import CairnCore
import CairnCrypto
import CairnFormat
import CairnIndex
import CairnObjectStore
import CairnRepository
import CairnSystem
import CairnTesting

@testable import CairnRestore

/// A repository of a test's own, and a plain way of saving trees in it: chunks of a fixed size, a
/// few to a frame.
final class RestoreFixture {
  let temporary: TemporaryDirectory
  let store: MemoryStore
  let repository: Repository
  var chunkByteCount = 4096
  var frameByteCount = 64 << 10
  /// Changes nodes before they are saved, by path.
  var edit: (_ path: [UInt8], inout Node) -> Void = { _, _ in }

  init() throws(CairnError) {
    temporary = try TemporaryDirectory()
    store = MemoryStore()
    var options = RepositoryOptions()
    options.passwordHash = PasswordHash(iterations: 1, memoryKiB: 19_456, parallelism: 1)
    options.packByteCount = 256 << 10
    options.frameByteCount = 64 << 10
    let password = SecretBytes(copying: [UInt8]("secret".utf8))
    _ = try Repository.create(in: store, password: password, options: options)
    repository = try Repository.open(
      store, password: password, cacheRoot: temporary.appending("cache").displayText)
  }

  var source: RawPath { temporary.appending("source") }
  var target: RawPath { temporary.appending("target") }

  func build(_ entries: [FileTree.Entry]) throws(CairnError) {
    for line in try FileTree(entries).build(at: source) { print(line) }
  }

  /// Saves the entries of `place` (the source) as the root of a snapshot that says it is `paths`.
  func save(
    _ place: RawPath? = nil, paths: [String] = ["/"]
  ) throws(CairnError) -> SnapshotRecord {
    try write { (saver) throws(CairnError) in
      try saver.directory(place ?? source, path: [])
    }.record
  }

  /// A snapshot whose tree `body` makes.
  func write(
    paths: [String] = ["/"], _ body: (TreeSaver) throws(CairnError) -> DirectoryContent
  ) throws(CairnError) -> Snapshot {
    let session = try WriteSession(
      repository, operation: "test", writerCount: 2, progress: Progress())
    let saver = TreeSaver(session, self)
    let root = try body(saver)
    try saver.finish()
    return try session.commit { _, generation, previous in
      SnapshotRecord(
        time: Timestamp(seconds: 1), started: Timestamp(seconds: 1),
        completed: Timestamp(seconds: 2), host: "host", user: "user",
        paths: paths.map { ByteText([UInt8]($0.utf8)) }, tags: [], excludes: [], root: root,
        parent: nil, generation: generation, previous: previous, program: "test",
        statistics: SnapshotRecord.Statistics(), problems: [])
    }
  }

  func restore(
    _ snapshot: SnapshotRecord, path: [[UInt8]]? = nil,
    _ change: (inout RestoreOptions) -> Void = { _ in }
  ) throws(CairnError) -> RestoreReport {
    var options = RestoreOptions(target: target)
    change(&options)
    return try Restore.run(snapshot: snapshot, path: path, options, in: repository)
  }

  /// What differs between the source and the target; empty when they agree.
  func differences(leavingOut: Set<TreeDescription.Aspect> = []) throws(CairnError) -> [String] {
    try TreeDescription(of: source, leavingOut: leavingOut).differences(
      from: TreeDescription(of: target, leavingOut: leavingOut)
    ).filter { !$0.hasPrefix(".:") }
  }

  /// Packs of a kind.
  func packs(_ kind: ChunkKind) throws(CairnError) -> [ObjectKey] {
    var keys: [ObjectKey] = []
    for (key, _) in try store.list(.packs) {
      let bytes = try store.readAll(key, byteCountMax: 1 << 30)
      let header = try bytes.withBytes { (bytes) throws(CairnError) in
        try PackHeader(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<PackHeader.byteCount]))
      }
      if header.kind == kind { keys.append(key) }
    }
    return keys
  }

  /// Flips a bit in the middle of the first frame of a pack.
  func damage(_ key: ObjectKey, at offset: Int = PackHeader.byteCount + 20) throws(CairnError) {
    var bytes = try store.readAll(key, byteCountMax: 1 << 30)
    bytes[offset] ^= 1
    try store.put(key, bytes, mode: .replace)
  }
}

/// Saves files and directories of the disk.
final class TreeSaver {
  let tree: TreeWriter
  private let session: WriteSession
  private let fixture: RestoreFixture
  private let data: PackWriter
  private let key: SecretBytes
  private var raw: [UInt8] = []
  private var chunks: [ChunkRecord] = []
  private let names = OwnerNames()

  init(_ session: WriteSession, _ fixture: RestoreFixture) {
    self.session = session
    self.fixture = fixture
    tree = TreeWriter(session: session)
    data = session.makePackWriter(.data)
    key = session.repository.keys.chunkIDKey(.data)
  }

  func directory(_ place: RawPath, path: [UInt8]) throws(CairnError) -> DirectoryContent {
    let listing = DirectoryListing()
    try listing.fill(from: try DirectoryHandle.working.openDirectory(place))
    var builder = DirectoryBuilder()
    for name in listing.entries.map({ listing.name(of: $0) }) {
      let nodePath = path + [UInt8(ascii: "/")] + name
      guard var node = try node(name, at: place.appending(RawPath(name)), path: nodePath) else {
        continue
      }
      fixture.edit(nodePath, &node)
      try builder.append(node, to: tree)
    }
    return try builder.finish(tree)
  }

  private func node(
    _ name: [UInt8], at place: RawPath, path: [UInt8]
  ) throws(CairnError) -> Node? {
    let working = DirectoryHandle.working
    let status = try working.status(of: place)
    let type: NodeType
    switch status.type {
    case .regular: type = .regular
    case .directory: type = .directory
    case .symlink: type = .symlink
    case .fifo: type = .fifo
    case .characterDevice: type = .characterDevice
    case .blockDevice: type = .blockDevice
    case .socket, .unknown: return nil
    }
    var node = Node(name: name, type: type)
    node.mode = status.mode
    (node.uid, node.gid) = (status.uid, status.gid)
    node.userName = names.userName(status.uid) ?? []
    node.groupName = names.groupName(status.gid) ?? []
    (node.modified, node.changed) = (status.mtime, status.ctime)
    (node.inode, node.device) = (status.inode, status.device)
    node.linkCount = type == .directory ? 1 : UInt64(status.linkCount)
    (node.deviceMajor, node.deviceMinor) = (status.targetMajor, status.targetMinor)
    node.attributes = try working.extendedAttributes(of: place)
    switch type {
    case .symlink: node.linkTarget = try working.linkTarget(of: place)
    case .directory: node.directory = try directory(place, path: path)
    case .regular:
      node.size = status.size
      let file = try working.open(place, .read)
      let extents = try file.dataExtents(status)
      var content: [UInt8] = []
      for extent in extents {
        var part = [UInt8](repeating: 0, count: Int(extent.byteCount))
        let count = try RestoreFixture.read(file, into: &part, at: extent.offset)
        precondition(count == part.count)
        content += part
      }
      if extents != [DataExtent(offset: 0, byteCount: status.size)], status.size > 0 {
        node.extents = extents
      }
      node.content = try save(content)
    case .fifo, .characterDevice, .blockDevice: break
    }
    return node
  }

  /// Stores content, cut at a fixed length.
  func save(_ content: [UInt8]) throws(CairnError) -> FileContent {
    var list = ContentListBuilder()
    let index = session.repository.index.makeReader()
    for start in stride(from: 0, to: content.count, by: fixture.chunkByteCount) {
      let part = [UInt8](content[start..<min(start + fixture.chunkByteCount, content.count)])
      let id = ChunkID(part.withUnsafeBytes { HMACSHA256.authenticate($0, key: key) })
      try list.append(ContentReference(id: id, byteCount: UInt64(part.count)), to: tree)
      guard try session.claim(id, index: index) else { continue }
      if raw.count + part.count > fixture.frameByteCount { try flush() }
      raw += part
      chunks.append(ChunkRecord(id: id, byteCount: UInt32(part.count)))
    }
    return try list.finish(tree)
  }

  private func flush() throws(CairnError) {
    guard !raw.isEmpty else { return }
    let chunks = self.chunks
    try raw.withBytes { (raw) throws(CairnError) in
      let result: Result<Int, CairnError> = chunks.withUnsafeBufferPointer { chunks in
        do throws(CairnError) {
          return .success(try data.append(raw, chunks: chunks))
        } catch {
          return .failure(error)
        }
      }
      _ = try result.get()
    }
    raw = []
    self.chunks = []
  }

  func finish() throws(CairnError) {
    try flush()
    try data.finish()
    try tree.finish()
  }
}

extension RestoreFixture {
  static func read(
    _ file: borrowing FileDescriptor, into bytes: inout [UInt8], at offset: UInt64
  ) throws(CairnError) -> Int {
    var result: Result<Int, CairnError> = .success(0)
    let number = file.number
    bytes.withUnsafeMutableBytes { bytes in
      do throws(CairnError) {
        result = .success(
          try BorrowedFile(number).using { (file) throws(CairnError) in
            try file.readFully(into: bytes, at: offset)
          })
      } catch {
        result = .failure(error)
      }
    }
    return try result.get()
  }
}
