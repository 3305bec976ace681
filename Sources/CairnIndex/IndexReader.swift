internal import CLMDB
package import CairnCore

/// Looks things up in a chunk index. One thread at a time; make one for each thread and keep it,
/// since its transaction is renewed rather than begun.
///
/// Each call sees the index as it is then. Use ``withSnapshot(_:)`` where several calls must agree.
package final class IndexReader {
  private let lease: EnvironmentLease
  private var raw: OpaquePointer?
  private var cursor: OpaquePointer?
  /// Nesting of ``withSnapshot(_:)``; the transaction is live while it is above 0.
  private var depth = 0
  private var entries: [PackNumber: PackEntry] = [:]

  /// Entries kept decoded: a few MB.
  private static let entryCountMax = 4096

  private var environment: IndexEnvironment { lease.environment }

  init(lease: EnvironmentLease) {
    self.lease = lease
  }

  deinit {
    if let cursor { mdb_cursor_close(cursor) }
    if let raw { mdb_txn_abort(raw) }
  }

  /// Runs `body` with all look-ups of this reader seeing one state of the index: row numbers and
  /// pack numbers hold throughout. Pages freed meanwhile are not used again, and the map can't
  /// grow, so don't stay long, and don't change the index from `body`: it could wait for itself.
  package func withSnapshot<R>(_ body: () throws(CairnError) -> R) throws(CairnError) -> R {
    if depth == 0 { try begin() }
    depth += 1
    defer {
      depth -= 1
      if depth == 0 { end() }
    }
    return try environment.noticingDamage(body)
  }

  /// Forgets what was decoded and kept. Never needed for correctness: pack numbers are not reused.
  package func refresh() {
    entries.removeAll()
  }

  private func begin() throws(CairnError) {
    while true {
      environment.resizeLock.enterShared()
      let status = renew()
      if status == 0 { return }
      environment.resizeLock.leave()
      guard status == MDB_MAP_RESIZED else {
        throw IndexDamage.error(status, "begin reading")
      }
      try environment.adoptMapSize()
    }
  }

  private func renew() -> Int32 {
    if let raw, let cursor {
      let status = mdb_txn_renew(raw)
      return status == 0 ? mdb_cursor_renew(raw, cursor) : status
    }
    let status = mdb_txn_begin(environment.handle, nil, UInt32(MDB_RDONLY), &raw)
    if status != 0 {
      raw = nil
      return status
    }
    let opened = mdb_cursor_open(raw, environment.tables.chunks, &cursor)
    if opened != 0 {
      mdb_txn_abort(raw)
      (raw, cursor) = (nil, nil)
    }
    return opened
  }

  private func end() {
    mdb_txn_reset(raw)
    environment.resizeLock.leave()
  }

  /// The transaction; only within ``withSnapshot(_:)``.
  var transaction: IndexTransaction {
    guard depth > 0, let raw else { preconditionFailure("no snapshot is held") }
    return IndexTransaction(raw: raw, tables: environment.tables)
  }

  var chunkCursor: OpaquePointer {
    guard depth > 0, let cursor else { preconditionFailure("no snapshot is held") }
    return cursor
  }

  /// A pack by its number; `nil` when it has left the index.
  package func pack(_ number: PackNumber) throws(CairnError) -> PackEntry? {
    if let known = entries[number] { return known }
    let entry = try withSnapshot { () throws(CairnError) -> PackEntry? in
      guard let stored = try transaction.get(number, in: transaction.tables.packs) else {
        return nil
      }
      return try PackEntry(decoding: stored)
    }
    if entries.count >= IndexReader.entryCountMax { entries.removeAll(keepingCapacity: true) }
    entries[number] = entry
    return entry
  }
}
