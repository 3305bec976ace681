package import CairnCore
package import CairnCrypto
internal import CairnFormat
internal import CairnIndex
package import CairnObjectStore
package import CairnRepository
internal import CairnSystem

/// A small repository, made through the same writers as a backup, for tests of what reads it.
///
/// The cache lies in a folder of its own that goes with the fixture; ``open(_:cache:)`` with
/// another folder is a visitor from another machine.
package final class RepositoryFixture: Sendable {
  /// A file or directory of a snapshot to be made.
  package struct Entry: Sendable {
    package var name: String
    /// Content of each chunk of a file.
    package var chunks: [[UInt8]]
    /// Entries of a directory; `nil` for a file.
    package var entries: [Entry]?

    package static func file(_ name: String, _ chunks: [[UInt8]]) -> Entry {
      Entry(name: name, chunks: chunks, entries: nil)
    }

    package static func directory(_ name: String, _ entries: [Entry]) -> Entry {
      Entry(name: name, chunks: [], entries: entries)
    }
  }

  package static let password = SecretBytes(copying: Array("correct horse".utf8))
  package static let clock = FixedClock(Timestamp(seconds: 1_700_000_000))

  package let store: any ObjectStore
  package let cache: TemporaryFolder

  /// Small packs and frames, so that little data makes several of each.
  package static var options: RepositoryOptions {
    var options = RepositoryOptions()
    options.packByteCount = 64 << 10
    options.frameByteCount = 16 << 10
    options.passwordHash = PasswordHash(iterations: 1, memoryKiB: 19_456, parallelism: 1)
    return options
  }

  /// Makes an empty repository in `store`.
  package init(
    _ store: any ObjectStore = MemoryStore(), options: RepositoryOptions = options
  ) throws(CairnError) {
    self.store = store
    cache = TemporaryFolder()
    _ = try Repository.create(
      in: store, password: Self.password, options: options, clock: Self.clock)
  }

  /// Opens it, through `store` when that is another view of the same objects.
  package func open(
    _ store: (any ObjectStore)? = nil, cache: TemporaryFolder? = nil
  ) throws(CairnError) -> Repository {
    try Repository.open(
      store ?? self.store, password: Self.password, cacheRoot: (cache ?? self.cache).path,
      clock: Self.clock)
  }

  /// Removes the leases of processes that died in a simulated crash: they count as alive, since
  /// this very process holds them.
  package func sweepLeases() throws(CairnError) {
    for (key, _) in try store.list(.leases) { try store.delete(key) }
  }

  /// Bytes that don't compress, the same for the same seed.
  package static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 32)
    }
  }

  /// Stores a snapshot of `entries`. `time`: Unix seconds.
  @discardableResult
  package static func backUp(
    _ entries: [Entry], to repository: Repository, time: Int64 = 1_700_000_000,
    host: String = "host", paths: [String] = ["/data"], tags: [String] = []
  ) throws(CairnError) -> Snapshot {
    let session = try WriteSession(
      repository, operation: "backup", writerCount: 2, progress: Progress())
    do throws(CairnError) {
      let writer = FixtureWriter(session)
      let root = try writer.write(entries)
      try writer.finish()
      return try session.commit { totals, generation, previous in
        SnapshotRecord(
          time: Timestamp(seconds: time), started: Timestamp(seconds: time),
          completed: Timestamp(seconds: time), host: host,
          user: "user", paths: paths.map { ByteText(Array($0.utf8)) }, tags: tags, excludes: [],
          root: root, parent: nil, generation: generation, previous: previous, program: "test",
          statistics: SnapshotRecord.Statistics(), problems: [])
      }
    } catch {
      try session.abandon(after: error)
    }
  }

  /// Reads a snapshot back as the entries it was made of; `damaged` when anything is missing.
  package static func restore(
    _ snapshot: Snapshot, from repository: Repository
  ) throws(CairnError) -> [Entry] {
    try restore(try snapshot.record.directory(), TreeReader(repository))
  }

  private static func restore(
    _ directory: DirectoryContent, _ reader: TreeReader
  ) throws(CairnError) -> [Entry] {
    var entries: [Entry] = []
    for node in try reader.nodes(in: directory) {
      let name = String(decoding: node.name, as: UTF8.self)
      if let below = node.directory {
        entries.append(.directory(name, try restore(below, reader)))
        continue
      }
      var chunks: [[UInt8]] = []
      try reader.forEachChunk(of: node.content) { (reference) throws(CairnError) in
        chunks.append(
          try reader.chunks.read(reference.id, kind: .data) { (bytes) throws(CairnError) in
            [UInt8](bytes)
          })
      }
      entries.append(.file(name, chunks))
    }
    return entries
  }
}

extension RepositoryFixture.Entry: Hashable {}

/// Writes entries in a session: what a backup does, with one thread and given cuts.
private final class FixtureWriter {
  private let session: WriteSession
  private let index: IndexReader
  private let tree: TreeWriter
  private let pack: PackWriter
  private let key: SecretBytes
  private let frameByteCount: Int
  private var raw: [UInt8] = []
  private var chunks: [ChunkRecord] = []

  init(_ session: WriteSession) {
    self.session = session
    index = session.repository.index.makeReader()
    tree = TreeWriter(session: session)
    pack = session.makePackWriter(.data)
    key = session.repository.keys.chunkIDKey(.data)
    frameByteCount = session.repository.config.frameByteCount
  }

  func write(_ entries: [RepositoryFixture.Entry]) throws(CairnError) -> DirectoryContent {
    var builder = DirectoryBuilder()
    for entry in entries.sorted(by: {
      $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }) {
      var node = Node(name: Array(entry.name.utf8), type: .regular)
      if let below = entry.entries {
        node.type = .directory
        node.directory = try write(below)
      } else {
        var list = ContentListBuilder()
        for chunk in entry.chunks {
          let id = try store(chunk)
          try list.append(ContentReference(id: id, byteCount: UInt64(chunk.count)), to: tree)
        }
        node.content = try list.finish(tree)
        node.size = node.content.byteCount
      }
      try builder.append(node, to: tree)
    }
    return try builder.finish(tree)
  }

  private func store(_ chunk: [UInt8]) throws(CairnError) -> ChunkID {
    let id = ChunkID(chunk.withUnsafeBytes { HMACSHA256.authenticate($0, key: key) })
    guard try session.claim(id, index: index) else { return id }
    raw += chunk
    chunks.append(ChunkRecord(id: id, byteCount: UInt32(chunk.count)))
    session.countNewChunk(byteCount: chunk.count)
    if raw.count >= frameByteCount { try flush() }
    return id
  }

  private func flush() throws(CairnError) {
    if raw.isEmpty { return }
    try raw.withBytes { (raw) throws(CairnError) in
      let result = chunks.withUnsafeBufferPointer { chunks in
        Result { () throws(CairnError) in try pack.append(raw, chunks: chunks) }
      }
      _ = try result.get()
    }
    raw = []
    chunks = []
  }

  func finish() throws(CairnError) {
    try flush()
    try pack.finish()
    try tree.finish()
  }
}
