internal import CLMDB
internal import CairnCore
internal import Glibc

extension IndexEnvironment {
  private enum Outcome<R> {
    case done(R)
    /// The map of this size had no room left.
    case mapFull(Int)
    /// Another process made the map larger.
    case mapResized
  }

  /// Runs `body` in the one write transaction that all processes together have, on this thread,
  /// and commits. `body` may run several times, in a larger map each.
  func write<R>(_ body: (IndexTransaction) throws(CairnError) -> R) throws(CairnError) -> R {
    try noticingDamage { () throws(CairnError) -> R in
      while true {
        switch try attemptWrite(body) {
        case .done(let result):
          try coverLastPage()
          return result
        case .mapFull(let size): try grow(from: size)
        case .mapResized: try adoptMapSize()
        }
      }
    }
  }

  private func attemptWrite<R>(_ body: (IndexTransaction) throws(CairnError) -> R)
    throws(CairnError) -> Outcome<R>
  {
    resizeLock.enterShared()
    defer { resizeLock.leave() }
    let size = mapByteCount
    var transaction: OpaquePointer?
    let begun = mdb_txn_begin(handle, nil, 0, &transaction)
    if begun == MDB_MAP_RESIZED { return .mapResized }
    guard begun == 0, let raw = transaction else { throw IndexDamage.error(begun, "begin") }
    let result: R
    do throws(CairnError) {
      try marker.place()
      result = try body(IndexTransaction(raw: raw, tables: tables))
    } catch {
      mdb_txn_abort(raw)
      if IndexTransaction.isMapFull(error) { return .mapFull(size) }
      throw error
    }
    // A commit ends the transaction whatever comes of it.
    let committed = mdb_txn_commit(raw)
    if committed == MDB_MAP_FULL { return .mapFull(size) }
    guard committed == 0 else { throw IndexDamage.error(committed, "commit") }
    return .done(result)
  }

  /// Extends the file to the last page it counts. LMDB does not write pages that a transaction
  /// took and gave back, so the file may end before them; ``DataFileCheck`` could not tell that
  /// from a truncated file.
  private func coverLastPage() throws(CairnError) {
    guard try missingByteCount() > 0 else { return }
    resizeLock.enterShared()
    defer { resizeLock.leave() }
    var transaction: OpaquePointer?
    // The writer lock keeps other processes from extending the file meanwhile.
    guard mdb_txn_begin(handle, nil, 0, &transaction) == 0, let raw = transaction else {
      // Somebody else writes in a larger map already, and covers more than this would.
      return
    }
    defer { mdb_txn_abort(raw) }
    guard try missingByteCount() > 0 else { return }
    var descriptor: Int32 = -1
    mdb_env_get_fd(handle, &descriptor)
    if ftruncate(descriptor, off_t(try coveredByteCount())) != 0 {
      throw IndexFolder.failure("extend \(folder.dataPath)")
    }
  }

  private func coveredByteCount() throws(CairnError) -> Int {
    var information = MDB_envinfo()
    mdb_env_info(handle, &information)
    return (information.me_last_pgno + 1) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private func missingByteCount() throws(CairnError) -> Int {
    var descriptor: Int32 = -1
    var file = stat()
    guard mdb_env_get_fd(handle, &descriptor) == 0, fstat(descriptor, &file) == 0 else {
      throw IndexFolder.failure("look at \(folder.dataPath)")
    }
    return try coveredByteCount() - Int(file.st_size)
  }

  /// Puts everything on disk, so that the index outlives a reboot.
  func sync() throws(CairnError) {
    try noticingDamage { () throws(CairnError) in
      resizeLock.enterShared()
      defer { resizeLock.leave() }
      var transaction: OpaquePointer?
      let begun = mdb_txn_begin(handle, nil, 0, &transaction)
      if begun == MDB_MAP_RESIZED {
        // Another process writes; the marker stays for it to remove.
        return
      }
      guard begun == 0, let raw = transaction else { throw IndexDamage.error(begun, "begin") }
      // With the writer lock held nothing is written between the sync and the marker's end.
      defer { mdb_txn_abort(raw) }
      let status = mdb_env_sync(handle, 1)
      guard status == 0 else { throw IndexDamage.error(status, "sync") }
      if isCurrentFile { try marker.remove() }
    }
  }
}
