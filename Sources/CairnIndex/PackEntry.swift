package import CairnCore
package import CairnFormat

/// What the index knows of a pack: enough to read any of its frames with one ranged read.
package struct PackEntry: Hashable, Sendable {
  package let name: ObjectName
  /// Length of the whole object.
  package let byteCount: UInt64
  package let salt: Digest
  package let kind: ChunkKind
  package let frames: [FrameRecord]
  /// Bytes before each frame, counted from the first frame on (add the length of the pack's
  /// header to get the offset in the object).
  package let frameOffsets: [UInt64]

  /// Takes over the description of a pack, without its chunks.
  package init(_ pack: PackRecord) {
    self.init(
      name: pack.name, byteCount: pack.byteCount, salt: pack.salt, kind: pack.table.kind,
      frames: pack.table.frames)
  }

  private init(
    name: ObjectName, byteCount: UInt64, salt: Digest, kind: ChunkKind, frames: [FrameRecord]
  ) {
    self.name = name
    self.byteCount = byteCount
    self.salt = salt
    self.kind = kind
    self.frames = frames
    var offset: UInt64 = 0
    frameOffsets = frames.map { frame in
      defer { offset += UInt64(frame.storedByteCount) }
      return offset
    }
  }

  /// The frame a location points into.
  ///
  /// - Throws: `damaged` when the pack has no such frame or the frame no such bytes, that is when
  ///   the index contradicts itself.
  package func frame(of location: ChunkLocation) throws(CairnError) -> FrameRecord {
    guard Int(location.frameIndex) < frames.count else {
      throw IndexDamage.error("a chunk lies in a frame that its pack does not have")
    }
    let frame = frames[Int(location.frameIndex)]
    guard
      UInt64(location.offsetInFrame) + UInt64(location.byteCount) <= UInt64(frame.rawByteCount)
    else { throw IndexDamage.error("a chunk lies beyond the end of its frame") }
    return frame
  }
}

extension PackEntry {
  func encoded() -> [UInt8] {
    var writer = ByteWriter(capacity: 80 + frames.count * 12)
    writer.digest(name.digest)
    writer.fixed(byteCount)
    writer.digest(salt)
    writer.u8(kind.rawValue)
    writer.varint(frames.count)
    for frame in frames {
      writer.varint(UInt64(frame.storedByteCount))
      writer.varint(UInt64(frame.rawByteCount))
      writer.u8(frame.method.rawValue)
      writer.varint(UInt64(frame.chunkCount))
    }
    return writer.bytes
  }

  init(decoding bytes: UnsafeRawBufferPointer) throws(CairnError) {
    do throws(CairnError) {
      var reader = ByteReader(bytes)
      let name = ObjectName(try reader.digest())
      let byteCount = try reader.fixed(UInt64.self)
      let salt = try reader.digest()
      guard let kind = ChunkKind(rawValue: try reader.u8()) else {
        throw CairnError.damaged("pack of an unknown kind")
      }
      let frameCount = try reader.count(max: Limits.framesPerPackMax)
      guard frameCount <= reader.remaining else {
        throw CairnError.damaged("more frames than bytes")
      }
      var frames: [FrameRecord] = []
      frames.reserveCapacity(frameCount)
      for _ in 0..<frameCount {
        let stored = try reader.count(max: Limits.packByteCountMax)
        let raw = try reader.count(max: Limits.frameRawByteCountMax)
        guard let method = FrameMethod(rawValue: try reader.u8()) else {
          throw CairnError.damaged("frame of an unknown method")
        }
        let chunkCount = try reader.count(max: Limits.chunksPerFrameMax)
        frames.append(
          FrameRecord(
            storedByteCount: UInt32(stored), rawByteCount: UInt32(raw), method: method,
            chunkCount: UInt32(chunkCount)))
      }
      try reader.requireEnd()
      self.init(name: name, byteCount: byteCount, salt: salt, kind: kind, frames: frames)
    } catch {
      throw IndexDamage.error("pack entry: \(error.message)")
    }
  }
}
