package import CairnCore
internal import CairnCrypto
internal import CairnFormat
package import CairnIndex
internal import CairnObjectStore
internal import CairnSystem

/// Reads single chunks: the pages of trees, and files one asks for piece by piece. Keeps the frames
/// it read last, so that chunks that were written together cost one read. For one thread.
///
/// For whole files by the thousand, plan by pack instead (`CairnRestore`).
package final class ChunkReader {
  private final class Frame {
    let raw: AlignedBuffer
    var lastUse: UInt64

    init(raw: AlignedBuffer, lastUse: UInt64) {
      self.raw = raw
      self.lastUse = lastUse
    }
  }

  private struct FrameKey: Hashable {
    let pack: PackNumber
    let frame: UInt32
  }

  package let repository: Repository
  package let index: IndexReader
  private let opener: FrameOpener
  private var frames: [FrameKey: Frame] = [:]
  private var cachedByteCount = 0
  private let cacheByteCountMax: Int
  private var tick: UInt64 = 0
  private var stored = AlignedBuffer(capacity: 1 << 20)

  package init(_ repository: Repository, cacheByteCountMax: Int = 32 << 20) {
    self.repository = repository
    self.cacheByteCountMax = cacheByteCountMax
    index = repository.index.makeReader()
    opener = FrameOpener(keys: repository.keys)
  }

  /// Calls `body` with the bytes of a chunk, after they were checked against its id. A damaged copy
  /// is passed over when another pack holds the chunk as well. `damaged` when there is none left.
  package func read<R>(
    _ id: ChunkID, kind: ChunkKind, _ body: (UnsafeRawBufferPointer) throws(CairnError) -> R
  ) throws(CairnError) -> R {
    var failure: CairnError?
    for location in try index.locations(of: id) {
      let frame: Frame
      do throws(CairnError) {
        frame = try self.frame(at: location, kind: kind)
        let bytes = ChunkReader.slice(frame, location)
        let digest = HMACSHA256.authenticate(bytes, key: repository.keys.chunkIDKey(kind))
        guard ChunkID(digest) == id else {
          throw CairnError.damaged("chunk \(id): the content is not what was written")
        }
      } catch  where error.code == .damaged || error.code == .notFound {
        failure = CairnError.damaged(error.message)
        continue
      }
      return try withExtendedLifetime(frame) { () throws(CairnError) in
        try body(ChunkReader.slice(frame, location))
      }
    }
    throw failure ?? CairnError.damaged("\(kind) chunk \(id) is missing: no index segment has it")
  }

  private static func slice(_ frame: Frame, _ location: ChunkLocation) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      rebasing: frame.raw.filled[
        Int(location.offsetInFrame)..<Int(location.offsetInFrame) + Int(location.byteCount)])
  }

  private func frame(at location: ChunkLocation, kind: ChunkKind) throws(CairnError) -> Frame {
    let key = FrameKey(pack: location.packNumber, frame: location.frameIndex)
    tick += 1
    if let frame = frames[key] {
      frame.lastUse = tick
      return frame
    }
    guard let pack = try index.pack(location.packNumber) else {
      throw CairnError.damaged("the local index names a pack that it doesn't describe")
    }
    guard pack.kind == kind else {
      throw CairnError.damaged("packs/\(pack.name.hex) is not of the kind its chunk is")
    }
    let record = try pack.frame(of: location)
    let raw = AlignedBuffer(capacity: Int(record.rawByteCount))
    raw.byteCount = Int(record.rawByteCount)
    if stored.capacity < Int(record.storedByteCount) {
      stored = AlignedBuffer(capacity: Int(record.storedByteCount))
    }
    let storedBytes = UnsafeMutableRawBufferPointer(
      rebasing: stored.bytes[..<Int(record.storedByteCount)])
    let object = ObjectKey(.packs, pack.name)
    let offset =
      UInt64(PackHeader.byteCount) + pack.frameOffsets[Int(location.frameIndex)]
    try repository.store.read(object, at: offset, into: storedBytes)
    do throws(CairnError) {
      try opener.open(
        record, index: Int(location.frameIndex), pack: pack.name, salt: pack.salt, kind: kind,
        stored: storedBytes, raw: raw.bytes)
    } catch {
      throw error.within(object.path)
    }
    let frame = Frame(raw: raw, lastUse: tick)
    evict(for: raw.capacity)
    frames[key] = frame
    cachedByteCount += raw.capacity
    return frame
  }

  private func evict(for byteCount: Int) {
    while cachedByteCount + byteCount > cacheByteCountMax,
      let oldest = frames.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      cachedByteCount -= oldest.value.raw.capacity
      frames[oldest.key] = nil
    }
  }
}
