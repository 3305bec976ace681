package import CairnCore
package import CairnCrypto
package import CairnFormat
internal import CairnSystem

/// Writes packs of one kind, one after the other: compresses and seals frames straight into the
/// buffers that go to the store. For one thread.
package final class PackWriter {
  /// A pack being written.
  private final class OpenPack {
    let upload: PackSink.Upload
    let context: SealingContext
    var digest: SHA256? = SHA256()
    var table: PackTable
    var buffer: AlignedBuffer
    /// Offset in the pack of the first byte of `buffer`.
    var bufferOffset: UInt64 = 0

    init(upload: PackSink.Upload, context: SealingContext, kind: ChunkKind, buffer: AlignedBuffer) {
      self.upload = upload
      self.context = context
      table = PackTable(kind: kind)
      self.buffer = buffer
    }

    /// Bytes of the pack so far.
    var byteCount: UInt64 { bufferOffset + UInt64(buffer.byteCount) }
  }

  private let sink: PackSink
  private let key: SecretBytes
  private let kind: ChunkKind
  private let packByteCount: Int
  private let encoder: FrameEncoder
  private var open: OpenPack?

  package init(sink: PackSink, keys: RepositoryKeys, kind: ChunkKind, config: RepositoryConfig) {
    self.sink = sink
    self.kind = kind
    key = keys.sealingKey(RepositoryKeys.SealedKind(pack: kind))
    packByteCount = config.packByteCount
    encoder = FrameEncoder(level: config.compressionLevel)
  }

  /// Raw bytes of the largest frame that may be appended: half as much again as a frame should
  /// have, and one more chunk.
  package static func frameRawByteCountMax(_ config: RepositoryConfig) -> Int {
    config.frameByteCount * 3 / 2 + config.chunker.maxByteCount
  }

  /// Buffers must have room for the largest frame, whatever its data, and some to spare.
  package static func bufferByteCount(_ config: RepositoryConfig) -> Int {
    let rawByteCountMax = frameRawByteCountMax(config)
    let frame = FrameEncoder.outputByteCountMax(rawByteCount: rawByteCountMax) + 3 * 4096
    return max(2 << 20, (frame + 4095) / 4096 * 4096)
  }

  /// Appends a frame that holds `chunks`, whose bytes are `raw`. Returns its stored length.
  @discardableResult
  package func append(
    _ raw: UnsafeRawBufferPointer, chunks: UnsafeBufferPointer<ChunkRecord>
  ) throws(CairnError) -> Int {
    if open == nil { try begin() }
    guard let pack = open else { preconditionFailure("a pack was begun") }
    let room =
      FrameEncoder.outputByteCountMax(rawByteCount: raw.count) + SealingContext.tagByteCount
    let stored: Int
    if room + AlignedBuffer.alignment <= pack.buffer.capacity {
      try makeRoom(room)
      stored = sealFrame(
        raw, to: pack.buffer.pointer + pack.buffer.byteCount, room: room, chunkCount: chunks.count)
      pack.buffer.byteCount += stored
    } else {
      // A page of a tree with megabytes of attributes: rare enough for a detour.
      let scratch = AlignedBuffer(capacity: room)
      stored = sealFrame(raw, to: scratch.pointer, room: room, chunkCount: chunks.count)
      try copy(UnsafeRawBufferPointer(start: scratch.pointer, count: stored))
    }
    pack.table.chunks.append(contentsOf: chunks)
    let frameCount = pack.table.frames.count
    if pack.byteCount >= UInt64(packByteCount) || frameCount == Limits.framesPerPackMax {
      try finish()
    }
    return stored
  }

  /// Compresses and seals a frame at `place`, where there is `room`, and enters it in the table.
  private func sealFrame(
    _ raw: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer, room: Int, chunkCount: Int
  ) -> Int {
    let (method, byteCount) = encoder.encode(
      raw, to: UnsafeMutableRawBufferPointer(start: place, count: room))
    let stored = byteCount + SealingContext.tagByteCount
    let frame = FrameRecord(
      storedByteCount: UInt32(stored), rawByteCount: UInt32(raw.count), method: method,
      chunkCount: UInt32(chunkCount))
    open!.context.sealMessage(
      place, count: byteCount, kind: kind, method: method,
      ordinal: UInt32(open!.table.frames.count), rawByteCount: frame.rawByteCount)
    open!.digest!.update(UnsafeRawBufferPointer(start: place, count: stored))
    open!.table.frames.append(frame)
    return stored
  }

  private func begin() throws(CairnError) {
    let context = try SealingContext.forSealing(kindKey: key)
    let upload = try sink.begin()
    let buffer = try sink.takeBuffer()
    open = OpenPack(upload: upload, context: context, kind: kind, buffer: buffer)
    let header = PackHeader(kind: kind, salt: context.salt, commitment: context.commitment)
    try emit(header.encode())
  }

  /// Hands the whole pages of the buffer to the sink and goes on in a new one, which begins with
  /// what was left of the last page.
  private func makeRoom(_ byteCount: Int) throws(CairnError) {
    let full = open!.buffer
    precondition(byteCount + 4096 <= full.capacity, "frame exceeds the buffer")
    guard full.byteCount + byteCount > full.capacity else { return }
    let next = try sink.takeBuffer()
    let written = full.byteCount / 4096 * 4096
    next.byteCount = full.byteCount - written
    next.pointer.copyMemory(from: full.pointer + written, byteCount: next.byteCount)
    full.byteCount = written
    let offset = open!.bufferOffset
    open!.buffer = next
    open!.bufferOffset += UInt64(written)
    try sink.write(full, to: open!.upload, at: offset)
  }

  private func emit(_ bytes: [UInt8]) throws(CairnError) {
    try bytes.withBytes { (bytes) throws(CairnError) in
      open!.digest!.update(bytes)
      try copy(bytes)
    }
  }

  /// Copies bytes that are part of the digest already.
  private func copy(_ bytes: UnsafeRawBufferPointer) throws(CairnError) {
    var start = 0
    while start < bytes.count {
      let part = min(bytes.count - start, 1 << 20)
      try makeRoom(part)
      let buffer = open!.buffer
      (buffer.pointer + buffer.byteCount).copyMemory(
        from: bytes.baseAddress! + start, byteCount: part)
      buffer.byteCount += part
      start += part
    }
  }

  /// Completes the pack that is open, if any: padding to whole pages, the sealed table, the
  /// trailer. The pack is durable once the sink says so.
  package func finish() throws(CairnError) {
    guard let pack = open else { return }
    var writer = ByteWriter(capacity: pack.table.chunks.count * 36 + 1024)
    pack.table.encode(into: &writer)
    var table = writer.bytes
    let rawByteCount = table.count
    table.append(contentsOf: repeatElement(0, count: SealingContext.tagByteCount))
    table.withUnsafeMutableBytes { bytes in
      pack.context.sealMessage(
        bytes.baseAddress!, count: rawByteCount, kind: kind, method: .stored,
        ordinal: PackMessage.tableOrdinal, rawByteCount: UInt32(rawByteCount))
    }
    let end = Int(pack.byteCount) + table.count + PackTrailer.byteCount
    let padding = (4096 - end % 4096) % 4096
    try emit([UInt8](repeating: 0, count: padding))
    try emit(table)
    try emit(PackTrailer.encode(tableStoredByteCount: table.count))

    open = nil
    guard let digest = pack.digest.take() else { preconditionFailure("a pack is finished once") }
    let record = PackRecord(
      name: ObjectName(digest.finalize()), byteCount: pack.byteCount, salt: pack.context.salt,
      table: pack.table)
    try sink.write(pack.buffer, to: pack.upload, at: pack.bufferOffset)
    try sink.finish(pack.upload, record)
  }
}

extension SealingContext {
  /// Seals a message of a pack in place; its tag follows it.
  func sealMessage(
    _ place: UnsafeMutableRawPointer, count: Int, kind: ChunkKind, method: FrameMethod,
    ordinal: UInt32, rawByteCount: UInt32
  ) {
    withUnsafeTemporaryAllocation(byteCount: PackMessage.byteCount, alignment: 8) { data in
      PackMessage.writeAdditionalData(
        to: data.baseAddress!, kind: kind, method: method, ordinal: ordinal,
        rawByteCount: rawByteCount,
        storedByteCount: UInt32(count + SealingContext.tagByteCount))
      seal(
        place, count: count, to: place, ordinal: ordinal,
        additionalData: UnsafeRawBufferPointer(data))
    }
  }

  /// Opens a message of a pack; `storedByteCount` includes the tag. `false` when it isn't
  /// authentic.
  func openMessage(
    _ source: UnsafeRawPointer, storedByteCount: Int, to destination: UnsafeMutableRawPointer,
    kind: ChunkKind, method: FrameMethod, ordinal: UInt32, rawByteCount: UInt32
  ) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: PackMessage.byteCount, alignment: 8) { data in
      PackMessage.writeAdditionalData(
        to: data.baseAddress!, kind: kind, method: method, ordinal: ordinal,
        rawByteCount: rawByteCount, storedByteCount: UInt32(storedByteCount))
      return open(
        source, count: storedByteCount - SealingContext.tagByteCount, to: destination,
        ordinal: ordinal, additionalData: UnsafeRawBufferPointer(data))
    }
  }
}
