import CairnBackup
import CairnCore
import CairnCrypto
import CairnFormat
import CairnObjectStore
import CairnRepository
import CairnSystem
import CairnTesting

/// A small source tree and a repository in memory to back it up to.
final class BackupFixture {
  let temporary: TemporaryDirectory
  let store = MemoryStore()
  let meter: MeteredStore
  private let password = SecretBytes(copying: Array("test".utf8))

  var source: RawPath { temporary.appending("source") }

  init(_ tree: FileTree = FileTree([])) throws(CairnError) {
    temporary = try TemporaryDirectory()
    meter = MeteredStore(store)
    var options = RepositoryOptions()
    options.passwordHash = PasswordHash(iterations: 1, memoryKiB: 19_456, parallelism: 1)
    options.packByteCount = 1 << 20
    _ = try Repository.create(in: store, password: password, options: options)
    _ = try tree.build(at: source)
  }

  /// Its clock is ahead, so that what was written just now counts as settled; see
  /// ``SnapshotRecord/started``.
  func open(ahead seconds: Int64 = 1) throws(CairnError) -> Repository {
    let now = SystemClock().now
    return try Repository.open(
      meter, password: password, cacheRoot: temporary.appending("cache").displayText,
      clock: FixedClock(
        Timestamp(seconds: now.seconds + seconds, nanoseconds: now.nanoseconds)))
  }

  /// Backs the source up; `adjust` changes the options.
  @discardableResult
  func backup(
    cancellation: Cancellation = Cancellation(), clockAhead: Int64 = 1,
    _ adjust: (inout BackupOptions) -> Void = { _ in }
  ) throws(CairnError) -> BackupReport {
    var options = BackupOptions()
    options.paths = [source]
    options.host = "host"
    options.workerCount = 2
    adjust(&options)
    return try Backup.run(
      options, in: try open(ahead: clockAhead), progress: Progress(), cancellation: cancellation)
  }

  /// The node of a path below the source in a snapshot.
  func node(_ path: String, in snapshot: Snapshot?) throws(CairnError) -> Node {
    guard let snapshot else { throw CairnError(.failed, "no snapshot was made") }
    let names = source.appending(RawPath(path)).components.map(\.bytes)
    return try TreeReader(try open()).entry(at: names, from: try snapshot.record.directory())
  }

  /// All content a snapshot holds of a file, holes left out.
  func content(_ path: String, in snapshot: Snapshot?) throws(CairnError) -> [UInt8] {
    let node = try node(path, in: snapshot)
    let reader = TreeReader(try open())
    var content: [UInt8] = []
    try reader.forEachChunk(of: node.content) { (chunk) throws(CairnError) in
      try reader.chunks.read(chunk.id, kind: .data) { content.append(contentsOf: $0) }
    }
    return content
  }

  func names(_ path: String, in snapshot: Snapshot?) throws(CairnError) -> [String] {
    let node = try node(path, in: snapshot)
    guard let directory = node.directory else { return [] }
    return try TreeReader(try open()).nodes(in: directory).map { RawPath($0.name).displayText }
  }
}

extension MemoryStore {
  /// Bytes of all objects.
  var totalByteCount: UInt64 {
    get throws(CairnError) {
      var total: UInt64 = 0
      for kind in ObjectKind.allCases {
        for (_, byteCount) in try list(kind) { total += byteCount }
      }
      return total
    }
  }
}
