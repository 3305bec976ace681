internal import CairnCore
internal import CairnFormat
internal import CairnObjectStore
internal import CairnRepository
internal import CairnSystem
internal import Synchronization

/// Writes chosen chunks of packs into new packs. For one thread, besides those of its sink.
final class Repacker {
  /// Chunks of one kind on their way into a frame.
  private final class Output {
    let writer: PackWriter
    let frameByteCount: Int
    var raw: [UInt8] = []
    var chunks: [ChunkRecord] = []

    init(_ writer: PackWriter, frameByteCount: Int) {
      self.writer = writer
      self.frameByteCount = frameByteCount
      raw.reserveCapacity(frameByteCount * 2)
    }

    func append(
      _ chunk: ChunkRecord, _ bytes: UnsafeRawBufferPointer
    ) throws(CairnError) {
      if raw.count + bytes.count > frameByteCount { try flush() }
      raw.append(contentsOf: bytes)
      chunks.append(chunk)
    }

    func flush() throws(CairnError) {
      if chunks.isEmpty { return }
      try raw.withBytes { (raw) throws(CairnError) in
        let result = chunks.withUnsafeBufferPointer { chunks in
          Result { () throws(CairnError) in try writer.append(raw, chunks: chunks) }
        }
        _ = try result.get()
      }
      raw.removeAll(keepingCapacity: true)
      chunks.removeAll(keepingCapacity: true)
    }
  }

  private final class Records: Sendable {
    let list = Mutex<[PackRecord]>([])
  }

  private let repository: Repository
  private let progress: Progress
  private let sink: PackSink
  private let opener: FrameOpener
  private let written = Records()
  private let outputs: [ChunkKind: Output]
  private var stored = AlignedBuffer(capacity: 2 << 20)
  private var raw = AlignedBuffer(capacity: 2 << 20)

  init(_ repository: Repository, progress: Progress) throws(CairnError) {
    self.repository = repository
    self.progress = progress
    opener = FrameOpener(keys: repository.keys)
    let written = self.written
    let sink = try PackSink(
      store: repository.store, bufferByteCount: PackWriter.bufferByteCount(repository.config),
      bufferCount: 6, threadCount: 2, progress: progress
    ) { (record) throws(CairnError) in
      written.list.withLock { $0.append(record) }
    }
    self.sink = sink
    var outputs: [ChunkKind: Output] = [:]
    for kind in ChunkKind.allCases {
      let writer = PackWriter(
        sink: sink, keys: repository.keys, kind: kind, config: repository.config)
      outputs[kind] = Output(
        writer,
        frameByteCount: kind == .tree
          ? TreeWriter.frameByteCount : repository.config.frameByteCount)
    }
    self.outputs = outputs
  }

  /// Copies the chunks of a pack that `isWanted`. `damaged` when the pack isn't what was written.
  func copy(
    _ name: ObjectName, byteCount: UInt64, where isWanted: (ChunkID) -> Bool
  ) throws(CairnError) {
    let key = ObjectKey(.packs, name)
    do throws(CairnError) {
      let (header, table) = try readTable(key, byteCount: byteCount)
      guard let output = outputs[table.kind] else { preconditionFailure("every kind has one") }
      var offset = UInt64(PackHeader.byteCount)
      var chunk = 0
      for (index, frame) in table.frames.enumerated() {
        let chunks = table.chunks[chunk..<chunk + Int(frame.chunkCount)]
        let wanted = chunks.map { isWanted($0.id) }
        if wanted.contains(true) {
          let bytes = try open(frame, index, at: offset, name, header, key)
          var start = 0
          for (record, isWanted) in zip(chunks, wanted) {
            let end = start + Int(record.byteCount)
            if isWanted {
              try output.append(record, UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            start = end
          }
        }
        chunk += Int(frame.chunkCount)
        offset += UInt64(frame.storedByteCount)
      }
    } catch  where error.code == .damaged {
      throw error.within(key.path)
    }
  }

  private func readTable(
    _ key: ObjectKey, byteCount: UInt64
  ) throws(CairnError) -> (header: PackHeader, table: PackTable) {
    let overhead = UInt64(PackHeader.byteCount + PackTrailer.byteCount)
    guard byteCount >= overhead else { throw CairnError.damaged("pack is cut short") }
    func read(_ count: Int, at offset: UInt64) throws(CairnError) -> [UInt8] {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 8)
      defer { buffer.deallocate() }
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
      try repository.store.read(key, at: offset, into: part)
      return [UInt8](part)
    }
    let header = try read(PackHeader.byteCount, at: 0).withBytes { (bytes) throws(CairnError) in
      try PackHeader(decoding: bytes)
    }
    let end = byteCount - UInt64(PackTrailer.byteCount)
    let trailer = try read(PackTrailer.byteCount, at: end)
    let tableByteCount = try trailer.withBytes { (bytes) throws(CairnError) in
      try PackTrailer.decode(bytes, packByteCount: byteCount)
    }
    let table = try read(tableByteCount, at: end - UInt64(tableByteCount))
    return (header, try opener.openTable(table, header: header))
  }

  private func open(
    _ frame: FrameRecord, _ index: Int, at offset: UInt64, _ name: ObjectName,
    _ header: PackHeader, _ key: ObjectKey
  ) throws(CairnError) -> UnsafeRawBufferPointer {
    let (storedByteCount, rawByteCount) = (Int(frame.storedByteCount), Int(frame.rawByteCount))
    if stored.capacity < storedByteCount { stored = AlignedBuffer(capacity: storedByteCount) }
    if raw.capacity < rawByteCount { raw = AlignedBuffer(capacity: rawByteCount) }
    let source = UnsafeMutableRawBufferPointer(rebasing: stored.bytes[..<storedByteCount])
    let target = UnsafeMutableRawBufferPointer(rebasing: raw.bytes[..<rawByteCount])
    try repository.store.read(key, at: offset, into: source)
    try opener.open(
      frame, index: index, pack: name, salt: header.salt, kind: header.kind, stored: source,
      raw: target)
    progress.byteCount.add(storedByteCount)
    return UnsafeRawBufferPointer(target)
  }

  /// Writes what is left; the new packs, once all of them are durable.
  func finish() throws(CairnError) -> [PackRecord] {
    for output in outputs.values {
      try output.flush()
      try output.writer.finish()
    }
    try sink.drain()
    return written.list.withLock { $0 }
  }

  /// Gives up after a failure.
  func cancel() {
    sink.cancel()
  }
}
