internal import CairnCore
internal import CairnFormat

/// A row of the table of chunks, as LMDB stores it: 32 bytes of key, 16 of value.
struct ChunkRow: BitwiseCopyable {
  var id: ChunkID
  var location: StoredLocation

  /// Order of LMDB: by key, then by value.
  @inline(__always)
  static func precedes(_ a: UnsafePointer<ChunkRow>, _ b: UnsafePointer<ChunkRow>) -> Bool {
    if a.pointee.id != b.pointee.id { return a.pointee.id < b.pointee.id }
    let (x, y) = (a.pointee.location.words, b.pointee.location.words)
    if x.0 != y.0 { return x.0.bigEndian < y.0.bigEndian }
    if x.1 != y.1 { return x.1.bigEndian < y.1.bigEndian }
    return x.2.bigEndian < y.2.bigEndian
  }
}

/// Gathers rows and walks them in the order of the table.
struct RowBatch: ~Copyable {
  /// What is sorted in place of a row: a third of its size.
  private struct SortKey: BitwiseCopyable {
    var prefix: UInt64
    var position: Int
  }

  private let rows: UnsafeMutablePointer<ChunkRow>
  private let capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    rows = .allocate(capacity: max(capacity, 1))
  }

  deinit {
    rows.deallocate()
  }

  /// Adds the chunks of a pack whose table is known to be consistent.
  mutating func append(_ table: PackTable, packNumber: PackNumber) {
    precondition(capacity - count >= table.chunks.count, "the batch was measured before")
    table.chunks.withUnsafeBufferPointer { chunks in
      var chunk = 0
      for (frameIndex, frame) in table.frames.enumerated() {
        var offset: UInt32 = 0
        for _ in 0..<frame.chunkCount {
          let location = ChunkLocation(
            packNumber: packNumber, frameIndex: UInt32(frameIndex), offsetInFrame: offset,
            byteCount: chunks[chunk].byteCount)
          rows[count] = ChunkRow(id: chunks[chunk].id, location: location.storedForm)
          count += 1
          offset += chunks[chunk].byteCount
          chunk += 1
        }
      }
    }
  }

  /// Calls `body` with each row, in the order of the table.
  func forEachSorted(_ body: (UnsafeMutablePointer<ChunkRow>) throws(CairnError) -> Void)
    throws(CairnError)
  {
    let keys = sortedKeys()
    defer { keys.deallocate() }
    for key in keys { try body(rows + key.position) }
  }

  /// Chunk identifiers are uniformly distributed, so one pass by their leading bits leaves buckets
  /// of a few rows; an insertion sort finishes each. Buckets that grew large nevertheless go to
  /// the standard sort, so hostile identifiers cost no quadratic time.
  private func sortedKeys() -> UnsafeMutableBufferPointer<SortKey> {
    let keys = UnsafeMutableBufferPointer<SortKey>.allocate(capacity: count)
    let bucketBitCount = max(1, min(20, Int.bitWidth - (count / 8).leadingZeroBitCount))
    let shift = UInt64(64 - bucketBitCount)
    var ends = [Int](repeating: 0, count: 1 << bucketBitCount)
    for position in 0..<count {
      ends[Int(rows[position].id.digest.prefixWord.bigEndian >> shift)] += 1
    }
    var start = 0
    for bucket in ends.indices {
      let size = ends[bucket]
      ends[bucket] = start
      start += size
    }
    for position in 0..<count {
      let prefix = rows[position].id.digest.prefixWord.bigEndian
      let bucket = Int(prefix >> shift)
      keys.initializeElement(
        at: ends[bucket], to: SortKey(prefix: prefix, position: position))
      ends[bucket] += 1
    }
    var bucketStart = 0
    for bucketEnd in ends {
      sort(UnsafeMutableBufferPointer(rebasing: keys[bucketStart..<bucketEnd]))
      bucketStart = bucketEnd
    }
    return keys
  }

  private func sort(_ bucket: UnsafeMutableBufferPointer<SortKey>) {
    let rows = rows
    @inline(__always) func precedes(_ a: SortKey, _ b: SortKey) -> Bool {
      a.prefix != b.prefix
        ? a.prefix < b.prefix : ChunkRow.precedes(rows + a.position, rows + b.position)
    }
    if bucket.count > 64 {
      var bucket = bucket
      bucket.sort(by: precedes)
      return
    }
    for end in bucket.indices.dropFirst() {
      let key = bucket[end]
      var hole = end
      while hole > 0 && precedes(key, bucket[hole - 1]) {
        bucket[hole] = bucket[hole - 1]
        hole -= 1
      }
      bucket[hole] = key
    }
  }
}
