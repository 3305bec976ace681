internal import CairnCore
internal import CairnFormat
internal import CairnIndex

/// All rows of the chunk index in 8.5 bytes each, with room for a mark: what verify and prune
/// remember of a repository while they walk its trees.
///
/// A row keeps 32 bits of its chunk's id besides those its bucket stands for (45 bits for a
/// hundred thousand rows, 53 for ten million), its length and its kind. Rows of different chunks
/// that look alike are told apart while the map is made and never count as seen before; so a mark
/// is never missing. All that can happen is that a chunk that is missing looks present, once in
/// 500 million missing chunks. For one thread.
final class ChunkMap {
  /// What became of a reference to a chunk.
  enum Sight {
    /// No row of that kind.
    case missing
    case wrongLength
    /// Not met before, or not known to have been.
    case first
    case again
  }

  private static let byteCountMask: UInt32 = (1 << 25) - 1
  private static let treeFlag: UInt32 = 1 << 25
  private static let markedFlag: UInt32 = 1 << 26
  private static let keptFlag: UInt32 = 1 << 27
  private static let ambiguousFlag: UInt32 = 1 << 28

  let count: Int
  /// Sum of ``rowSum(_:_:)`` over all rows, to compare with what the segments say.
  private(set) var checksum: UInt64 = 0
  private let bucketBitCount: UInt64
  private let fingerprints: UnsafeMutablePointer<UInt32>
  private let facts: UnsafeMutablePointer<UInt32>
  /// First row of each bucket, and the count of rows at the end.
  private let starts: UnsafeMutablePointer<UInt32>

  /// Copies the rows of the index, as it is during the call.
  init(_ reader: IndexReader, cancellation: Cancellation) throws(CairnError) {
    var count = 0
    var kinds: [PackNumber: ChunkKind] = [:]
    var memory: Memory?
    try reader.withSnapshot { () throws(CairnError) in
      count = try reader.rowCount()
      precondition(count < Int(UInt32.max), "row numbers have 32 bits")
      try reader.forEachPack { (number, entry) throws(CairnError) in kinds[number] = entry.kind }
      var filled = Memory(rowCount: count)
      try reader.forEachRow { (row, id, location) throws(CairnError) in
        if row & 0xffff == 0 { try cancellation.check() }
        guard let kind = kinds[location.packNumber] else {
          throw CairnError.damaged("the local chunk index names a pack it doesn't describe")
        }
        filled.append(id, location, kind)
      }
      filled.finish()
      memory = filled
    }
    guard let memory else { preconditionFailure("the rows were read") }
    self.count = memory.count
    checksum = memory.checksum
    bucketBitCount = memory.bucketBitCount
    fingerprints = memory.fingerprints
    facts = memory.facts
    starts = memory.starts
  }

  deinit {
    fingerprints.deallocate()
    facts.deallocate()
    starts.deallocate()
  }

  /// The map while it is filled, by ascending id.
  private struct Memory {
    let fingerprints: UnsafeMutablePointer<UInt32>
    let facts: UnsafeMutablePointer<UInt32>
    let starts: UnsafeMutablePointer<UInt32>
    let bucketBitCount: UInt64
    var count = 0
    var checksum: UInt64 = 0
    private var nextBucket = 0
    private var last: ChunkID?

    init(rowCount: Int) {
      let bits = Int.bitWidth - max(1, rowCount / 8).leadingZeroBitCount
      bucketBitCount = UInt64(min(28, max(4, bits)))
      fingerprints = .allocate(capacity: max(1, rowCount))
      facts = .allocate(capacity: max(1, rowCount))
      starts = .allocate(capacity: (1 << Int(bucketBitCount)) + 1)
    }

    mutating func append(_ id: ChunkID, _ location: ChunkLocation, _ kind: ChunkKind) {
      let (bucket, fingerprint) = ChunkMap.split(id, bucketBitCount)
      while nextBucket <= bucket {
        starts[nextBucket] = UInt32(count)
        nextBucket += 1
      }
      fingerprints[count] = fingerprint
      facts[count] = location.byteCount | (kind == .tree ? ChunkMap.treeFlag : 0)
      if let last, last != id { flagIfAlike(bucket, fingerprint) }
      last = id
      checksum &+= ChunkMap.rowSum(id, location)
      count += 1
    }

    /// Rows before this one in its bucket that look like it are of another chunk.
    private func flagIfAlike(_ bucket: Int, _ fingerprint: UInt32) {
      var row = count - 1
      while row >= Int(starts[bucket]), fingerprints[row] == fingerprint {
        facts[row] |= ChunkMap.ambiguousFlag
        facts[count] |= ChunkMap.ambiguousFlag
        row -= 1
      }
    }

    mutating func finish() {
      while nextBucket <= 1 << Int(bucketBitCount) {
        starts[nextBucket] = UInt32(count)
        nextBucket += 1
      }
    }
  }

  @inline(__always)
  private static func split(
    _ id: ChunkID, _ bucketBitCount: UInt64
  ) -> (bucket: Int, fingerprint: UInt32) {
    let prefix = id.digest.prefixWord.bigEndian
    return (
      Int(truncatingIfNeeded: prefix >> (64 - bucketBitCount)),
      UInt32(truncatingIfNeeded: prefix >> (32 - bucketBitCount))
    )
  }

  /// A number that stands for a row; their sum doesn't depend on the order of the rows.
  static func rowSum(_ id: ChunkID, _ location: ChunkLocation) -> UInt64 {
    var sum = id.digest.prefixWord
    sum ^=
      (UInt64(location.packNumber) << 32 | UInt64(location.frameIndex)) &* 0x9e37_79b9_7f4a_7c15
    sum = (sum ^ (sum >> 30)) &* 0xbf58_476d_1ce4_e5b9
    sum ^=
      (UInt64(location.offsetInFrame) << 32 | UInt64(location.byteCount)) &* 0x94d0_49bb_1331_11eb
    sum = (sum ^ (sum >> 27)) &* 0x94d0_49bb_1331_11eb
    return sum ^ (sum >> 31)
  }

  /// What the rows of a pack in the local index amount to; `nil` when the index describes the pack
  /// otherwise than its segment.
  static func rowSum(of pack: PackRecord, in reader: IndexReader) throws(CairnError) -> UInt64? {
    guard let number = try reader.packNumber(of: pack.name),
      try reader.pack(number) == PackEntry(pack)
    else { return nil }
    var sum: UInt64 = 0
    var chunk = 0
    for (frameIndex, frame) in pack.table.frames.enumerated() {
      var offset: UInt32 = 0
      for _ in 0..<frame.chunkCount {
        let record = pack.table.chunks[chunk]
        sum &+= ChunkMap.rowSum(
          record.id,
          ChunkLocation(
            packNumber: number, frameIndex: UInt32(frameIndex), offsetInFrame: offset,
            byteCount: record.byteCount))
        offset += record.byteCount
        chunk += 1
      }
    }
    return sum
  }

  /// Calls `body` with the rows that look like `id`'s; inlined.
  @inline(__always)
  private func forEachRow(of id: ChunkID, _ body: (UnsafeMutablePointer<UInt32>) -> Void) {
    let (bucket, fingerprint) = ChunkMap.split(id, bucketBitCount)
    for row in Int(starts[bucket])..<Int(starts[bucket + 1]) where fingerprints[row] == fingerprint
    {
      body(facts + row)
    }
  }

  /// Marks a chunk as referred to. `byteCount`: the length the reference gives, if it does.
  func mark(_ id: ChunkID, kind: ChunkKind, byteCount: UInt64? = nil) -> Sight {
    let kindFlag = kind == .tree ? ChunkMap.treeFlag : 0
    var (isFound, hasLength, isNew) = (false, false, false)
    forEachRow(of: id) { fact in
      guard fact.pointee & ChunkMap.treeFlag == kindFlag else { return }
      isFound = true
      if byteCount.map({ $0 == UInt64(fact.pointee & ChunkMap.byteCountMask) }) ?? true {
        hasLength = true
      }
      if fact.pointee & ChunkMap.markedFlag == 0 || fact.pointee & ChunkMap.ambiguousFlag != 0 {
        isNew = true
      }
      fact.pointee |= ChunkMap.markedFlag
    }
    if !isFound { return .missing }
    if !hasLength { return .wrongLength }
    return isNew ? .first : .again
  }

  func isMarked(_ id: ChunkID) -> Bool {
    var result = false
    forEachRow(of: id) { if $0.pointee & ChunkMap.markedFlag != 0 { result = true } }
    return result
  }

  /// Notes that a pack that stays holds the chunk. `true` when that wasn't known before: then
  /// whoever asks must copy it, if it is needed.
  func keep(_ id: ChunkID) -> Bool {
    var isNew = false
    forEachRow(of: id) { fact in
      if fact.pointee & (ChunkMap.keptFlag) == 0 || fact.pointee & ChunkMap.ambiguousFlag != 0 {
        isNew = true
      }
      fact.pointee |= ChunkMap.keptFlag
    }
    return isNew
  }

  /// Rows that are marked though no pack that stays holds their chunk.
  var lostRowCount: Int {
    var result = 0
    for row in 0..<count
    where facts[row] & (ChunkMap.markedFlag | ChunkMap.keptFlag) == ChunkMap.markedFlag {
      result += 1
    }
    return result
  }
}
