internal import CairnCore
internal import CairnCrypto
internal import CairnFormat
internal import CairnObjectStore
internal import CairnRepository
internal import CairnSystem

/// Proves packs: the name, the header, every frame, every chunk, the table. For one thread.
///
/// A pack is read from its beginning to its end in pieces of whole frames, each about 1 MiB, so
/// that a piece is still in the processor's cache when it is hashed and opened; raw frames gather
/// in an arena until there are enough chunks to hash many at a time.
final class PackCheck {
  private static let pieceByteCount = 1 << 20
  private static let arenaByteCount = 4 << 20
  /// Chunks that are hashed at a time, at least, unless the arena is full before.
  private static let batchCount = 64

  private let repository: Repository
  private let log: FindingLog
  private let progress: Progress
  private let cancellation: Cancellation
  private let opener: FrameOpener
  private let hashers: [ChunkKind: ChunkHasher]
  private var piece = AlignedBuffer(capacity: pieceByteCount * 2)
  private var arena = AlignedBuffer(capacity: arenaByteCount, stagger: 4096)
  /// Chunks in the arena.
  private var lengths: [UInt32] = []
  private var expected: [ChunkID] = []
  private var computed: [ChunkID] = []

  init(
    _ repository: Repository, log: FindingLog, progress: Progress, cancellation: Cancellation
  ) throws(CairnError) {
    self.repository = repository
    self.log = log
    self.progress = progress
    self.cancellation = cancellation
    opener = FrameOpener(keys: repository.keys)
    var hashers: [ChunkKind: ChunkHasher] = [:]
    for kind in ChunkKind.allCases {
      let key = repository.keys.chunkIDKey(kind).withUnsafeBytes { [UInt8]($0) }
      hashers[kind] = try ChunkHasher(key: key)
    }
    self.hashers = hashers
  }

  /// Reports everything that is wrong with a pack, as its segment describes it.
  func check(_ pack: PackRecord) throws(CairnError) {
    let key = ObjectKey(.packs, pack.name)
    do throws(CairnError) {
      try prove(pack, key)
    } catch  where error.isAboutObject {
      log.add(Finding(object: key.path, message: error.message))
    }
    lengths.removeAll(keepingCapacity: true)
    expected.removeAll(keepingCapacity: true)
    arena.byteCount = 0
  }

  private func prove(_ pack: PackRecord, _ key: ObjectKey) throws(CairnError) {
    var digest = SHA256()
    var header: PackHeader?
    var (frame, chunk) = (0, 0)
    var offset: UInt64 = 0
    while frame < pack.table.frames.count || header == nil {
      try cancellation.check()
      // The header counts as part of the first piece.
      var byteCount = header == nil ? PackHeader.byteCount : 0
      var end = frame
      while end < pack.table.frames.count, byteCount < PackCheck.pieceByteCount {
        byteCount += Int(pack.table.frames[end].storedByteCount)
        end += 1
      }
      let bytes = try read(key, at: offset, byteCount)
      digest.update(UnsafeRawBufferPointer(bytes))
      var start = 0
      if header == nil {
        header = try PackHeader(decoding: UnsafeRawBufferPointer(bytes))
        start = PackHeader.byteCount
      }
      for index in frame..<end {
        let record = pack.table.frames[index]
        let stored = UnsafeMutableRawBufferPointer(
          rebasing: bytes[start..<start + Int(record.storedByteCount)])
        try open(index, of: pack, firstChunk: chunk, stored, key)
        start += Int(record.storedByteCount)
        chunk += Int(record.chunkCount)
      }
      frame = end
      offset += UInt64(byteCount)
    }
    hashChunks(pack.table.kind, key)
    let tail = [UInt8](try read(key, at: offset, Int(pack.byteCount - offset)))
    tail.withUnsafeBytes { digest.update($0) }
    guard ObjectName(digest.finalize()) == pack.name else {
      throw CairnError.damaged("the content is not what was written")
    }
    if let header { try checkEnds(of: pack, header: header, tail: tail) }
  }

  private func read(
    _ key: ObjectKey, at offset: UInt64, _ byteCount: Int
  ) throws(CairnError) -> UnsafeMutableRawBufferPointer {
    if piece.capacity < byteCount { piece = AlignedBuffer(capacity: byteCount) }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: piece.bytes[..<byteCount])
    try repository.store.read(key, at: offset, into: bytes)
    progress.byteCount.add(byteCount)
    return bytes
  }

  /// Opens a frame into the arena; hashes what has gathered there when it is full.
  private func open(
    _ index: Int, of pack: PackRecord, firstChunk: Int, _ stored: UnsafeMutableRawBufferPointer,
    _ key: ObjectKey
  ) throws(CairnError) {
    let record = pack.table.frames[index]
    let rawByteCount = Int(record.rawByteCount)
    if arena.byteCount + rawByteCount > arena.capacity || lengths.count >= PackCheck.batchCount {
      hashChunks(pack.table.kind, key)
    }
    if arena.capacity < rawByteCount { arena = AlignedBuffer(capacity: rawByteCount) }
    let raw = UnsafeMutableRawBufferPointer(
      start: arena.pointer + arena.byteCount, count: rawByteCount)
    do throws(CairnError) {
      try opener.open(
        record, index: index, pack: pack.name, salt: pack.salt, kind: pack.table.kind,
        stored: stored, raw: raw)
    } catch  where error.code == .damaged {
      log.add(Finding(object: key.path, message: error.message))
      return
    }
    arena.byteCount += rawByteCount
    for chunk in pack.table.chunks[firstChunk..<firstChunk + Int(record.chunkCount)] {
      lengths.append(chunk.byteCount)
      expected.append(chunk.id)
    }
  }

  /// Names all chunks in the arena and compares.
  private func hashChunks(_ kind: ChunkKind, _ key: ObjectKey) {
    let count = lengths.count
    if computed.count < count {
      computed = Array(repeating: ChunkID(Digest()), count: count * 2)
    }
    lengths.withUnsafeBufferPointer { lengths in
      computed.withUnsafeMutableBufferPointer { computed in
        guard let ids = computed.baseAddress else { return }
        hashers[kind]!.hash(UnsafeRawPointer(arena.pointer), lengths: lengths, into: ids)
      }
    }
    for index in 0..<count where computed[index] != expected[index] {
      log.add(
        Finding(
          object: key.path,
          message: "chunk \(expected[index]): the content is not what was written"))
    }
    lengths.removeAll(keepingCapacity: true)
    expected.removeAll(keepingCapacity: true)
    arena.byteCount = 0
  }

  /// What holds between the parts of a pack and its segment.
  private func checkEnds(
    of pack: PackRecord, header: PackHeader, tail: [UInt8]
  ) throws(CairnError) {
    guard header.kind == pack.table.kind, header.salt == pack.salt else {
      throw CairnError.damaged("the header is not what its index segment says")
    }
    guard tail.count >= PackTrailer.byteCount else { throw CairnError.damaged("no trailer") }
    let trailer = [UInt8](tail.suffix(PackTrailer.byteCount))
    let tableByteCount = try trailer.withBytes { (bytes) throws(CairnError) in
      try PackTrailer.decode(bytes, packByteCount: pack.byteCount)
    }
    guard tableByteCount <= tail.count - PackTrailer.byteCount else {
      throw CairnError.damaged("the table reaches into the frames")
    }
    let body = tail.dropLast(PackTrailer.byteCount)
    guard body.dropLast(tableByteCount).allSatisfy({ $0 == 0 }) else {
      throw CairnError.damaged("there are bytes between the frames and the table")
    }
    let table = try opener.openTable([UInt8](body.suffix(tableByteCount)), header: header)
    guard table == pack.table else {
      throw CairnError.damaged("the table is not what its index segment says")
    }
  }
}
