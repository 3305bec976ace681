internal import CLMDB
internal import CairnCore
internal import Glibc
internal import Synchronization

/// How an index is opened. Everything but the defaults is for tests.
struct IndexOptions: Sendable {
  /// Address space to begin with, bytes. The file grows with its content, whatever this is (LMDB
  /// extends it only by writing, as long as MDB_WRITEMAP is off), so it is generous: 16 GiB hold
  /// 250 million chunks. It doubles when it is full.
  var mapByteCount = 16 << 30
  /// Stands for the machine's boot id.
  var bootID: String?
}

/// One LMDB environment with the tables of a chunk index: the only owner of the C handle.
///
/// Made and closed by ``EnvironmentRegistry`` alone, since LMDB must not have a file open twice
/// in a process.
final class IndexEnvironment: @unchecked Sendable {
  /// The tables; their handles stay valid until the environment is closed.
  struct Tables {
    /// `ChunkID` → every ``StoredLocation`` of the chunk.
    var chunks: MDB_dbi = 0
    /// Pack number, big-endian → ``PackEntry``.
    var packs: MDB_dbi = 0
    /// `ObjectName` of a pack → pack number and count of the segments that name it.
    var packNames: MDB_dbi = 0
    /// `ObjectName` of a segment → numbers of its packs.
    var segments: MDB_dbi = 0
    /// Facts about the index itself; see ``IndexFacts``.
    var facts: MDB_dbi = 0
  }

  /// Each thread that looks up holds a slot, idle ones too; LMDB's own default is 126.
  static let readerCountMax: UInt32 = 512

  let folder: IndexFolder
  let repositoryID: [UInt8]
  let marker: UnsyncedMarker
  let resizeLock = ResizeLock()
  let handle: OpaquePointer
  private(set) var tables = Tables()
  private let condemned = Atomic<Bool>(false)

  /// Opens the files of `folder`, making those that are missing.
  ///
  /// - Throws: `damaged` when the files are not a whole index of this repository.
  init(folder: IndexFolder, repositoryID: [UInt8], marker: UnsyncedMarker, mapByteCount: Int)
    throws(CairnError)
  {
    self.folder = folder
    self.repositoryID = repositoryID
    self.marker = marker
    let isNew = !folder.exists(folder.dataPath)
    if isNew { try marker.place() }
    handle = try IndexEnvironment.open(folder: folder, mapByteCount: mapByteCount)
    do throws(CairnError) {
      try prepareTables(isNew: isNew)
    } catch {
      mdb_env_close(handle)
      throw error
    }
  }

  /// Call once, when nothing uses the environment any more.
  func close() {
    mdb_env_close(handle)
  }

  private static func open(folder: IndexFolder, mapByteCount: Int) throws(CairnError)
    -> OpaquePointer
  {
    var size = mapByteCount
    while true {
      var created: OpaquePointer?
      var status = mdb_env_create(&created)
      guard status == 0, let environment = created else {
        throw IndexDamage.error(status, "create environment")
      }
      if status == 0 { status = mdb_env_set_maxreaders(environment, readerCountMax) }
      if status == 0 { status = mdb_env_set_maxdbs(environment, 5) }
      if status == 0 { status = mdb_env_set_mapsize(environment, size) }
      if status == 0 {
        let flags = UInt32(MDB_NOSYNC | MDB_NOTLS | MDB_NORDAHEAD)
        status = mdb_env_open(environment, folder.path, flags, 0o600)
      }
      if status == 0 {
        // Readers of processes that died would keep old pages from being used again.
        var deadReaderCount: Int32 = 0
        status = mdb_reader_check(environment, &deadReaderCount)
      }
      if status == 0 { return environment }
      mdb_env_close(environment)
      // Address space may be rationed (ulimit -v): take less, it grows on demand.
      guard status == ENOMEM, size > 64 << 20 else {
        throw IndexDamage.error(status, "open \(folder.path)")
      }
      size /= 2
    }
  }

  private func prepareTables(isNew: Bool) throws(CairnError) {
    var transaction: OpaquePointer?
    let begun = mdb_txn_begin(handle, nil, isNew ? 0 : UInt32(MDB_RDONLY), &transaction)
    guard begun == 0, let raw = transaction else { throw IndexDamage.error(begun, "begin") }
    do throws(CairnError) {
      func table(_ name: String, _ flags: Int32 = 0) throws(CairnError) -> MDB_dbi {
        var table: MDB_dbi = 0
        // Without MDB_CREATE a file that lacks a table is found out, not amended.
        let status = mdb_dbi_open(raw, name, UInt32(flags | (isNew ? MDB_CREATE : 0)), &table)
        guard status == 0 else { throw IndexDamage.error(status, "open table \(name)") }
        var stored: UInt32 = 0
        guard mdb_dbi_flags(raw, table, &stored) == 0, stored == UInt32(flags) else {
          throw IndexDamage.error("table \(name) has other properties")
        }
        return table
      }
      tables.chunks = try table("chunks", MDB_DUPSORT | MDB_DUPFIXED)
      tables.packs = try table("packs")
      tables.packNames = try table("packNames")
      tables.segments = try table("segments")
      tables.facts = try table("facts")
      let transaction = IndexTransaction(raw: raw, tables: tables)
      if isNew {
        try IndexFacts.create(repositoryID: repositoryID, in: transaction)
      } else {
        try IndexFacts.check(repositoryID: repositoryID, in: transaction)
        try transaction.checkFreeList(environment: handle)
      }
    } catch {
      mdb_txn_abort(raw)
      throw error
    }
    let committed = mdb_txn_commit(raw)
    guard committed == 0 else { throw IndexDamage.error(committed, "create tables") }
  }
}

extension IndexEnvironment {
  /// Whether damage was met since the index was opened. Such an index is not handed out again.
  var isCondemned: Bool { condemned.load(ordering: .acquiring) }

  /// Sees to it that the index is thrown away by whoever opens it next.
  func condemn() {
    if condemned.exchange(true, ordering: .acquiringAndReleasing) { return }
    guard isCurrentFile else { return }
    do throws(CairnError) {
      try marker.condemn()
    } catch {
      // The damage itself is being reported; it will be met again if this process can't note it.
      return
    }
  }

  /// Whether the folder still names the file this environment has open.
  var isCurrentFile: Bool {
    var descriptor: Int32 = -1
    return mdb_env_get_fd(handle, &descriptor) == 0 && folder.isCurrent(descriptor)
  }

  /// Runs `body` and condemns the index when it meets damage.
  func noticingDamage<R>(_ body: () throws(CairnError) -> R) throws(CairnError) -> R {
    do throws(CairnError) {
      return try body()
    } catch {
      if IndexDamage.isOwn(error) { condemn() }
      throw error
    }
  }

  var mapByteCount: Int {
    var information = MDB_envinfo()
    mdb_env_info(handle, &information)
    return information.me_mapsize
  }

  /// Doubles the map, unless somebody else changed it since it was `size`.
  func grow(from size: Int) throws(CairnError) {
    try changeMap { $0 == size ? size * 2 : nil }
  }

  /// Takes over the size another process gave the map.
  func adoptMapSize() throws(CairnError) {
    try changeMap { _ in 0 }
  }

  private func changeMap(_ newSize: (Int) -> Int?) throws(CairnError) {
    resizeLock.enterExclusive()
    defer { resizeLock.leave() }
    let old = mapByteCount
    guard let size = newSize(old) else { return }
    let status = mdb_env_set_mapsize(handle, size)
    if status == 0 { return }
    // LMDB has no map at all now; without one nothing of this environment may be touched.
    let restored = mdb_env_set_mapsize(handle, old)
    precondition(restored == 0, "the chunk index lost its memory map")
    throw IndexDamage.error(status, "grow to \(size) bytes")
  }
}
