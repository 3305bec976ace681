internal import CLMDB
package import CairnCore
package import CairnFormat

extension ChunkIndex {
  /// Enters a segment; see ``apply(_:)``.
  package func apply(segment name: ObjectName, packs: [PackRecord]) throws(CairnError) {
    try apply([(name, packs)])
  }

  /// Enters segments in one transaction: all of them or, when it throws, none. Segments that are
  /// in the index already are passed over; a pack that several segments name is entered once.
  ///
  /// Few large batches beat many small ones (see ``rowsPerBatch``); the first into an empty index
  /// is the fastest.
  ///
  /// - Throws: `damaged` when a pack's table contradicts itself; nothing is entered then.
  package func apply(_ segments: [(name: ObjectName, packs: [PackRecord])]) throws(CairnError) {
    for (name, packs) in segments {
      for pack in packs {
        do throws(CairnError) {
          try ChunkIndex.check(pack)
        } catch {
          throw error.within("segment \(name) pack \(pack.name)")
        }
      }
    }
    try environment.write { transaction throws(CairnError) in
      let newPacks = try ChunkIndex.register(segments, in: transaction)
      var batch = RowBatch(capacity: newPacks.reduce(0) { $0 + $1.record.table.chunks.count })
      for (number, record) in newPacks { batch.append(record.table, packNumber: number) }
      try ChunkIndex.insert(batch, in: transaction)
    }
  }

  /// Refuses what would not fit the tables or not be found again.
  private static func check(_ pack: PackRecord) throws(CairnError) {
    let table = pack.table
    guard table.frames.count <= Limits.framesPerPackMax else {
      throw CairnError.damaged("too many frames")
    }
    var chunk = 0
    for frame in table.frames {
      guard frame.chunkCount <= Limits.chunksPerFrameMax,
        Int(frame.chunkCount) <= table.chunks.count - chunk,
        frame.rawByteCount <= Limits.frameRawByteCountMax,
        frame.storedByteCount <= Limits.packByteCountMax
      else { throw CairnError.damaged("a frame exceeds its limits") }
      var byteCount = 0
      for record in table.chunks[chunk..<chunk + Int(frame.chunkCount)] {
        guard record.byteCount <= Limits.chunkByteCountMax else {
          throw CairnError.damaged("a chunk exceeds its limits")
        }
        byteCount += Int(record.byteCount)
      }
      guard byteCount == Int(frame.rawByteCount) else {
        throw CairnError.damaged("the chunks of a frame do not fill it")
      }
      chunk += Int(frame.chunkCount)
    }
    guard chunk == table.chunks.count else {
      throw CairnError.damaged("chunks that are in no frame")
    }
  }

  /// Enters segments and packs and returns the packs whose chunks are still to be entered.
  private static func register(
    _ segments: [(name: ObjectName, packs: [PackRecord])], in transaction: IndexTransaction
  ) throws(CairnError) -> [(number: PackNumber, record: PackRecord)] {
    let tables = transaction.tables
    var next = try IndexFacts.nextPackNumber(in: transaction)
    var newPacks: [(number: PackNumber, record: PackRecord)] = []
    for (segment, packs) in segments {
      if try transaction.get(segment.digest, in: tables.segments) != nil { continue }
      var numbers: [PackNumber] = []
      var named: Set<ObjectName> = []
      for pack in packs where named.insert(pack.name).inserted {
        var reference: PackReference
        if let stored = try transaction.get(pack.name.digest, in: tables.packNames) {
          reference = try PackReference(decoding: stored)
          reference.segmentCount += 1
        } else {
          guard next < PackNumber.max else {
            throw CairnError(.failed, "the local chunk index has run out of pack numbers")
          }
          reference = PackReference(number: next, segmentCount: 1)
          next += 1
          try transaction.put(reference.number, PackEntry(pack).encoded(), in: tables.packs)
          newPacks.append((reference.number, pack))
        }
        try transaction.put(pack.name.digest, reference.encoded(), in: tables.packNames)
        numbers.append(reference.number)
      }
      try transaction.put(segment.digest, PackReference.encode(numbers), in: tables.segments)
    }
    try IndexFacts.setNextPackNumber(next, in: transaction)
    return newPacks
  }

  private static func insert(_ batch: borrowing RowBatch, in transaction: IndexTransaction)
    throws(CairnError)
  {
    let table = transaction.tables.chunks
    let isEmpty = try transaction.entryCount(of: table) == 0
    let cursor = try transaction.openCursor(table)
    defer { mdb_cursor_close(cursor) }
    var previous = ChunkID(Digest())
    var isFirst = true
    try batch.forEachSorted { row throws(CairnError) in
      // Appending leaves full pages and needs no search, but takes ascending keys only.
      let isNewKey = isFirst || row.pointee.id != previous
      let flags = UInt32(isEmpty && isNewKey ? MDB_APPEND : 0)
      (previous, isFirst) = (row.pointee.id, false)
      let bytes = UnsafeMutableRawPointer(row)
      var key = MDB_val(mv_size: Digest.byteCount, mv_data: bytes)
      var value = MDB_val(
        mv_size: ChunkLocation.storedByteCount, mv_data: bytes + Digest.byteCount)
      try transaction.requireWritten(mdb_cursor_put(cursor, &key, &value, flags))
    }
  }
}
