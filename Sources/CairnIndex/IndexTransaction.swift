internal import CLMDB
internal import CairnCore

/// An LMDB transaction under way: bounds-checked access to the tables. Memory it hands out lies in
/// the map and is valid until the next write or the end of the transaction.
struct IndexTransaction {
  let raw: OpaquePointer
  let tables: IndexEnvironment.Tables

  func get(_ key: UnsafeRawBufferPointer, in table: MDB_dbi) throws(CairnError)
    -> UnsafeRawBufferPointer?
  {
    var keyValue = MDB_val(key)
    var value = MDB_val()
    let status = mdb_get(raw, table, &keyValue, &value)
    if status == MDB_NOTFOUND { return nil }
    guard status == 0 else { throw IndexDamage.error(status, "look up") }
    return UnsafeRawBufferPointer(value)
  }

  func get(_ key: Digest, in table: MDB_dbi) throws(CairnError) -> UnsafeRawBufferPointer? {
    try withBytes(of: key) { bytes throws(CairnError) in try get(bytes, in: table) }
  }

  func get(_ number: PackNumber, in table: MDB_dbi) throws(CairnError) -> UnsafeRawBufferPointer? {
    try withBytes(of: number.bigEndian) { bytes throws(CairnError) in try get(bytes, in: table) }
  }

  func put(_ key: UnsafeRawBufferPointer, _ value: [UInt8], in table: MDB_dbi) throws(CairnError) {
    try withBytes(of: value) { bytes throws(CairnError) in
      var keyValue = MDB_val(key)
      var dataValue = MDB_val(bytes)
      try requireWritten(mdb_put(raw, table, &keyValue, &dataValue, 0))
    }
  }

  func put(_ key: Digest, _ value: [UInt8], in table: MDB_dbi) throws(CairnError) {
    try withBytes(of: key) { bytes throws(CairnError) in try put(bytes, value, in: table) }
  }

  func put(_ number: PackNumber, _ value: [UInt8], in table: MDB_dbi) throws(CairnError) {
    try withBytes(of: number.bigEndian) { bytes throws(CairnError) in
      try put(bytes, value, in: table)
    }
  }

  func delete(_ key: UnsafeRawBufferPointer, in table: MDB_dbi) throws(CairnError) {
    var keyValue = MDB_val(key)
    try requireWritten(mdb_del(raw, table, &keyValue, nil))
  }

  func delete(_ key: Digest, in table: MDB_dbi) throws(CairnError) {
    try withBytes(of: key) { bytes throws(CairnError) in try delete(bytes, in: table) }
  }

  func delete(_ number: PackNumber, in table: MDB_dbi) throws(CairnError) {
    try withBytes(of: number.bigEndian) { bytes throws(CairnError) in
      try delete(bytes, in: table)
    }
  }

  func entryCount(of table: MDB_dbi) throws(CairnError) -> Int {
    var statistics = MDB_stat()
    let status = mdb_stat(raw, table, &statistics)
    guard status == 0 else { throw IndexDamage.error(status, "count") }
    return statistics.ms_entries
  }

  /// Calls `body` with every key and value of a table, in order.
  func forEach(
    in table: MDB_dbi,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(CairnError) ->
      Void
  ) throws(CairnError) {
    let cursor = try openCursor(table)
    defer { mdb_cursor_close(cursor) }
    var key = MDB_val()
    var value = MDB_val()
    while true {
      let status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
      if status == MDB_NOTFOUND { return }
      guard status == 0 else { throw IndexDamage.error(status, "walk") }
      try body(UnsafeRawBufferPointer(key), UnsafeRawBufferPointer(value))
    }
  }

  func openCursor(_ table: MDB_dbi) throws(CairnError) -> OpaquePointer {
    var cursor: OpaquePointer?
    let status = mdb_cursor_open(raw, table, &cursor)
    guard status == 0, let cursor else { throw IndexDamage.error(status, "open cursor") }
    return cursor
  }

  func requireWritten(_ status: Int32) throws(CairnError) {
    if status == 0 { return }
    if status == MDB_MAP_FULL { throw IndexTransaction.mapFull }
    throw IndexDamage.error(status, "write")
  }

  /// Recognised by ``isMapFull(_:)``; callers of the index never see it.
  static let mapFull = CairnError(.outOfSpace, "index map is full", errno: MDB_MAP_FULL)

  static func isMapFull(_ error: CairnError) -> Bool { error.errno == MDB_MAP_FULL }
}

extension IndexTransaction {
  /// Looks at LMDB's list of free pages, which it believes blindly when it writes.
  func checkFreeList(environment: OpaquePointer) throws(CairnError) {
    var information = MDB_envinfo()
    mdb_env_info(environment, &information)
    let lastPage = UInt64(information.me_last_pgno)
    // Table 0 is the free list: transaction → count, then that many page numbers, descending.
    try forEach(in: 0) { key, value throws(CairnError) in
      guard key.count == 8, value.count >= 8, value.count % 8 == 0,
        value.loadUnaligned(as: UInt64.self) <= UInt64(value.count / 8 - 1)
      else { throw IndexDamage.error("free list") }
      let count = Int(value.loadUnaligned(as: UInt64.self))
      var previous = lastPage + 1
      for position in 0..<count {
        let page = value.loadUnaligned(fromByteOffset: 8 + position * 8, as: UInt64.self)
        guard page < previous, page >= 2 else { throw IndexDamage.error("free list") }
        previous = page
      }
    }
  }
}

extension MDB_val {
  /// LMDB's signatures want mutable memory; it writes to none of it.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(
      mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
  }
}

extension UnsafeRawBufferPointer {
  init(_ value: MDB_val) {
    self.init(start: value.mv_data, count: value.mv_size)
  }
}

/// `withUnsafeBytes` with the error type kept.
@inline(__always)
func withBytes<T: BitwiseCopyable, R>(
  of value: T, _ body: (UnsafeRawBufferPointer) throws(CairnError) -> R
) throws(CairnError) -> R {
  try withUnsafePointer(to: value) { pointer throws(CairnError) -> R in
    try body(UnsafeRawBufferPointer(start: pointer, count: MemoryLayout<T>.size))
  }
}

func withBytes<R>(
  of array: [UInt8], _ body: (UnsafeRawBufferPointer) throws(CairnError) -> R
) throws(CairnError) -> R {
  let result = array.withUnsafeBytes { bytes -> Result<R, CairnError> in
    do throws(CairnError) {
      return .success(try body(bytes))
    } catch {
      return .failure(error)
    }
  }
  return try result.get()
}
