internal import CLMDB
package import CairnCore

extension IndexReader {
  package func contains(_ id: ChunkID) throws(CairnError) -> Bool {
    try location(of: id) != nil
  }

  /// One place of a chunk, the one in the pack that was entered first; `nil` when it is unknown.
  package func location(of id: ChunkID) throws(CairnError) -> ChunkLocation? {
    var result = ChunkLocation()
    try withUnsafePointer(to: id) { ids throws(CairnError) in
      _ = try lookup(UnsafeBufferPointer(start: ids, count: 1), into: &result)
    }
    return result.isKnown ? result : nil
  }

  /// All places of a chunk, in the order of pack number, frame and offset.
  package func locations(of id: ChunkID) throws(CairnError) -> [ChunkLocation] {
    try withSnapshot { () throws(CairnError) in
      var result: [ChunkLocation] = []
      var id = id
      try withUnsafeMutablePointer(to: &id) { id throws(CairnError) in
        var key = MDB_val(mv_size: Digest.byteCount, mv_data: id)
        var value = MDB_val()
        var operation = MDB_SET_KEY
        while true {
          let status = mdb_cursor_get(chunkCursor, &key, &value, operation)
          if status == MDB_NOTFOUND { return }
          guard status == 0 else { throw IndexDamage.error(status, "look up") }
          result.append(try IndexReader.decodeRow(key, value).location)
          operation = MDB_NEXT_DUP
        }
      }
      return result
    }
  }

  /// Looks up many chunks in one transaction: the hot path of a backup. Ascending identifiers take
  /// about half the time of unordered ones.
  ///
  /// - Parameter locations: room for as many as there are `ids`; unknown chunks get a location
  ///   that is not ``ChunkLocation/isKnown``.
  /// - Returns: how many are known.
  package func lookup(
    _ ids: UnsafeBufferPointer<ChunkID>, into locations: UnsafeMutablePointer<ChunkLocation>
  ) throws(CairnError) -> Int {
    try withSnapshot { () throws(CairnError) in
      let cursor = chunkCursor
      var knownCount = 0
      for position in 0..<ids.count {
        var key = MDB_val(
          mv_size: Digest.byteCount,
          mv_data: UnsafeMutableRawPointer(mutating: ids.baseAddress! + position))
        var value = MDB_val()
        let status = mdb_cursor_get(cursor, &key, &value, MDB_SET)
        if status == 0 {
          guard value.mv_size == ChunkLocation.storedByteCount,
            let location = ChunkLocation(stored: value.mv_data)
          else { throw IndexReader.damagedRow }
          locations[position] = location
          knownCount += 1
        } else if status == MDB_NOTFOUND {
          locations[position] = ChunkLocation()
        } else {
          throw IndexDamage.error(status, "look up")
        }
      }
      return knownCount
    }
  }

  static var damagedRow: CairnError { IndexDamage.error("location of a chunk") }

  @inline(__always)
  static func decodeRow(_ key: MDB_val, _ value: MDB_val) throws(CairnError) -> (
    id: ChunkID, location: ChunkLocation
  ) {
    guard key.mv_size == Digest.byteCount, value.mv_size == ChunkLocation.storedByteCount,
      let location = ChunkLocation(stored: value.mv_data)
    else { throw damagedRow }
    return (ChunkID(loading: key.mv_data), location)
  }
}
