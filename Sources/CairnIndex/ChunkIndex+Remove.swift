internal import CLMDB
package import CairnCore

extension ChunkIndex {
  /// Rows that are gathered before they are deleted; bounds memory.
  private static let removalSliceCount = 1 << 16

  /// Takes segments out, and the packs that no other segment names, with all their chunk rows. One
  /// transaction; a walk over the whole table when packs go. Segments the index does not have are
  /// passed over.
  package func remove(segments: [ObjectName]) throws(CairnError) {
    if segments.isEmpty { return }
    try environment.write { transaction throws(CairnError) in
      let tables = transaction.tables
      var dead: Set<PackNumber> = []
      for segment in Set(segments) {
        guard let stored = try transaction.get(segment.digest, in: tables.segments) else {
          continue
        }
        for number in try PackReference.decodeNumbers(stored) {
          if try ChunkIndex.dereference(number, in: transaction) { dead.insert(number) }
        }
        try transaction.delete(segment.digest, in: tables.segments)
      }
      if !dead.isEmpty { try ChunkIndex.removeRows(of: dead, in: transaction) }
    }
  }

  /// Counts one segment less for a pack; true when it was the last and the pack is gone.
  private static func dereference(_ number: PackNumber, in transaction: IndexTransaction)
    throws(CairnError) -> Bool
  {
    let tables = transaction.tables
    guard let stored = try transaction.get(number, in: tables.packs) else {
      throw IndexDamage.error("a segment names a pack that is not there")
    }
    let name = try PackEntry(decoding: stored).name
    guard let bytes = try transaction.get(name.digest, in: tables.packNames) else {
      throw IndexDamage.error("a pack is not known by its name")
    }
    var reference = try PackReference(decoding: bytes)
    guard reference.number == number else { throw IndexDamage.error("a pack has two numbers") }
    reference.segmentCount -= 1
    if reference.segmentCount > 0 {
      try transaction.put(name.digest, reference.encoded(), in: tables.packNames)
      return false
    }
    try transaction.delete(name.digest, in: tables.packNames)
    try transaction.delete(number, in: tables.packs)
    return true
  }

  /// Gathers rows and deletes them by key and value, slice by slice: deleting under a walking
  /// cursor is where LMDB's handling of duplicates is most intricate.
  private static func removeRows(of dead: Set<PackNumber>, in transaction: IndexTransaction)
    throws(CairnError)
  {
    let table = transaction.tables.chunks
    var resumeAt: ChunkID?
    repeat {
      let (slice, next) = try deadRows(of: dead, from: resumeAt, in: transaction)
      for row in slice {
        try withBytes(of: row) { bytes throws(CairnError) in
          var key = MDB_val(UnsafeRawBufferPointer(rebasing: bytes[..<Digest.byteCount]))
          var value = MDB_val(UnsafeRawBufferPointer(rebasing: bytes[Digest.byteCount...]))
          try transaction.requireWritten(mdb_del(transaction.raw, table, &key, &value))
        }
      }
      resumeAt = next
    } while resumeAt != nil
  }

  private static func deadRows(
    of dead: Set<PackNumber>, from start: ChunkID?, in transaction: IndexTransaction
  ) throws(CairnError) -> (slice: [ChunkRow], next: ChunkID?) {
    let cursor = try transaction.openCursor(transaction.tables.chunks)
    defer { mdb_cursor_close(cursor) }
    var slice: [ChunkRow] = []
    // Most neighbours share no pack, but most rows ask about a pack that lives.
    let highest = dead.max() ?? 0
    var first = start ?? ChunkID(Digest())
    return try withUnsafeMutablePointer(to: &first) { first throws(CairnError) in
      var key = MDB_val(mv_size: Digest.byteCount, mv_data: first)
      var value = MDB_val()
      var operation = MDB_SET_RANGE
      while true {
        let status = mdb_cursor_get(cursor, &key, &value, operation)
        if status == MDB_NOTFOUND { return (slice, nil) }
        guard status == 0 else { throw IndexDamage.error(status, "walk") }
        operation = MDB_NEXT
        let (id, location) = try IndexReader.decodeRow(key, value)
        guard location.packNumber <= highest, dead.contains(location.packNumber) else { continue }
        // Stops in front of a row it has no room for; that row's chunk is looked at again.
        if slice.count == removalSliceCount { return (slice, id) }
        slice.append(ChunkRow(id: id, location: location.storedForm))
      }
    }
  }
}
