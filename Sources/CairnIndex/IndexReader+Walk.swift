internal import CLMDB
package import CairnCore

extension IndexReader {
  /// Rows of the table of chunks: every place of every chunk counts.
  package func rowCount() throws(CairnError) -> Int {
    try withSnapshot { () throws(CairnError) in
      try transaction.entryCount(of: transaction.tables.chunks)
    }
  }

  package func packCount() throws(CairnError) -> Int {
    try withSnapshot { () throws(CairnError) in
      try transaction.entryCount(of: transaction.tables.packs)
    }
  }

  /// Names of the segments in the index, ascending.
  package func segments() throws(CairnError) -> [ObjectName] {
    try withSnapshot { () throws(CairnError) in
      var names: [ObjectName] = []
      try transaction.forEach(in: transaction.tables.segments) { key, _ throws(CairnError) in
        guard key.count == Digest.byteCount else { throw IndexDamage.error("name of a segment") }
        names.append(ObjectName(loading: key.baseAddress!))
      }
      return names
    }
  }

  /// The number of a pack; `nil` when it is not in the index.
  package func packNumber(of name: ObjectName) throws(CairnError) -> PackNumber? {
    try withSnapshot { () throws(CairnError) in
      guard let stored = try transaction.get(name.digest, in: transaction.tables.packNames) else {
        return nil
      }
      return try PackReference(decoding: stored).number
    }
  }

  /// Calls `body` with every pack, by ascending number.
  package func forEachPack(
    _ body: (_ number: PackNumber, _ entry: PackEntry) throws(CairnError) -> Void
  ) throws(CairnError) {
    try withSnapshot { () throws(CairnError) in
      try transaction.forEach(in: transaction.tables.packs) { key, value throws(CairnError) in
        guard key.count == MemoryLayout<PackNumber>.size else {
          throw IndexDamage.error("number of a pack")
        }
        let number = PackNumber(bigEndian: key.loadUnaligned(as: PackNumber.self))
        try body(number, try PackEntry(decoding: value))
      }
    }
  }

  /// Calls `body` with every row of the table of chunks, by ascending identifier, and its number,
  /// counted from 0: an index into a bitmap for as long as the same snapshot is held.
  package func forEachRow(
    _ body: (_ row: Int, _ id: ChunkID, _ location: ChunkLocation) throws(CairnError) -> Void
  ) throws(CairnError) {
    try withSnapshot { () throws(CairnError) in
      // A cursor of its own: `body` may look things up.
      let cursor = try transaction.openCursor(transaction.tables.chunks)
      defer { mdb_cursor_close(cursor) }
      var key = MDB_val()
      var value = MDB_val()
      var row = 0
      while true {
        let status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
        if status == MDB_NOTFOUND { return }
        guard status == 0 else { throw IndexDamage.error(status, "walk") }
        let (id, location) = try IndexReader.decodeRow(key, value)
        try body(row, id, location)
        row += 1
      }
    }
  }
}
