package import CairnCore

extension PackTable {
  /// Frame count; for each frame stored length, raw length, method, chunk count; then for each
  /// chunk its id and length. Counts and lengths are varints.
  package func encode(into writer: inout ByteWriter) {
    writer.varint(frames.count)
    for frame in frames {
      writer.varint(UInt64(frame.storedByteCount))
      writer.varint(UInt64(frame.rawByteCount))
      writer.u8(frame.method.rawValue)
      writer.varint(UInt64(frame.chunkCount))
    }
    for chunk in chunks {
      writer.digest(chunk.id.digest)
      writer.varint(UInt64(chunk.byteCount))
    }
  }

  /// Throws `damaged` unless every count and sum holds: the chunks of a frame fill it exactly, and
  /// all lengths are within ``Limits``.
  package init(kind: ChunkKind, decoding reader: inout ByteReader) throws(CairnError) {
    self.init(kind: kind)
    let frameCount = try reader.count(max: Limits.framesPerPackMax)
    // A frame takes at least 4 bytes here: what the input can't hold isn't reserved.
    guard frameCount * 4 <= reader.remaining else {
      throw CairnError.damaged("pack table ends too early")
    }
    frames.reserveCapacity(frameCount)
    var chunkCount = 0
    var offset = PackHeader.byteCount
    for _ in 0..<frameCount {
      let stored = try reader.count(max: Limits.packByteCountMax)
      let raw = try reader.count(max: Limits.frameRawByteCountMax)
      guard let method = FrameMethod(rawValue: try reader.u8()) else {
        throw CairnError(.unsupported, "frame of a method this program doesn't know")
      }
      let chunks = try reader.count(max: Limits.chunksPerFrameMax)
      guard stored >= 16, raw > 0, chunks > 0 else { throw CairnError.damaged("frame is empty") }
      guard method != .stored || stored == raw + 16 else {
        throw CairnError.damaged("stored frame of the wrong length")
      }
      frames.append(
        FrameRecord(
          storedByteCount: UInt32(stored), rawByteCount: UInt32(raw), method: method,
          chunkCount: UInt32(chunks)))
      chunkCount += chunks
      offset += stored
      guard offset <= Limits.packByteCountMax else {
        throw CairnError.damaged("frames exceed the largest pack")
      }
    }
    guard chunkCount * 33 <= reader.remaining else {
      throw CairnError.damaged("pack table ends too early")
    }
    chunks.reserveCapacity(chunkCount)
    for frame in frames {
      var sum = 0
      for _ in 0..<frame.chunkCount {
        let id = ChunkID(try reader.digest())
        let length = try reader.count(max: Limits.chunkByteCountMax)
        sum += length
        chunks.append(ChunkRecord(id: id, byteCount: UInt32(length)))
      }
      guard sum == Int(frame.rawByteCount) else {
        throw CairnError.damaged("chunks don't fill their frame")
      }
    }
  }
}

/// The content of an index segment: the tables of some packs.
package enum IndexSegment {
  /// Pack count; for each pack name, length, kind, salt and table.
  package static func encode(_ packs: [PackRecord]) -> [UInt8] {
    var writer = ByteWriter(
      capacity: packs.reduce(16) {
        $0 + 96 + $1.table.frames.count * 12 + $1.table.chunks.count * 36
      })
    writer.varint(packs.count)
    for pack in packs {
      writer.digest(pack.name.digest)
      writer.varint(pack.byteCount)
      writer.u8(pack.table.kind.rawValue)
      writer.digest(pack.salt)
      pack.table.encode(into: &writer)
    }
    return writer.bytes
  }

  package static func decode(_ bytes: UnsafeRawBufferPointer) throws(CairnError) -> [PackRecord] {
    var reader = ByteReader(bytes)
    let packCount = try reader.count(max: 1 << 24)
    guard packCount * 66 <= reader.remaining else {
      throw CairnError.damaged("index segment ends too early")
    }
    var packs: [PackRecord] = []
    packs.reserveCapacity(packCount)
    for _ in 0..<packCount {
      let name = ObjectName(try reader.digest())
      let byteCount = try reader.count(max: Limits.packByteCountMax)
      guard let kind = ChunkKind(rawValue: try reader.u8()) else {
        throw CairnError.damaged("index segment names a pack of an unknown kind")
      }
      let salt = try reader.digest()
      let table = try PackTable(kind: kind, decoding: &reader)
      guard table.frameByteCount + UInt64(PackHeader.byteCount) <= UInt64(byteCount) else {
        throw CairnError.damaged("frames exceed their pack")
      }
      packs.append(
        PackRecord(name: name, byteCount: UInt64(byteCount), salt: salt, table: table))
    }
    try reader.requireEnd()
    return packs
  }
}
