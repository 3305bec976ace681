internal import CairnCore

/// Stands for a pack within one chunk index. Numbers are handed out in ascending order and never
/// used again; they mean nothing outside the index that gave them.
package typealias PackNumber = UInt32

/// Where one copy of a chunk lies: which pack, which frame of it, and which bytes of the frame
/// once that is decompressed.
///
/// All zero stands for "nowhere" in batch look-ups (see ``isKnown``): pack numbers start at 1.
package struct ChunkLocation: Hashable, Sendable, BitwiseCopyable {
  package var packNumber: PackNumber
  package var frameIndex: UInt32
  /// Bytes before the chunk in the raw frame.
  package var offsetInFrame: UInt32
  package var byteCount: UInt32

  /// Nowhere.
  package init() {
    (packNumber, frameIndex, offsetInFrame, byteCount) = (0, 0, 0, 0)
  }

  package init(
    packNumber: PackNumber, frameIndex: UInt32, offsetInFrame: UInt32, byteCount: UInt32
  ) {
    self.packNumber = packNumber
    self.frameIndex = frameIndex
    self.offsetInFrame = offsetInFrame
    self.byteCount = byteCount
  }

  /// Whether this is a place at all; false for the chunks a batch look-up did not find.
  package var isKnown: Bool { packNumber != 0 }

  static let storedByteCount = 16

  /// Reads what ``storedForm`` left. `nil` when no well-formed pack has such a place.
  init?(stored bytes: UnsafeRawPointer) {
    func word(_ offset: Int) -> UInt32 {
      UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    self.init(
      packNumber: word(0), frameIndex: word(4), offsetInFrame: word(8), byteCount: word(12))
    guard packNumber != 0, Int(frameIndex) < Limits.framesPerPackMax,
      Int(byteCount) <= Limits.chunkByteCountMax,
      Int(offsetInFrame) + Int(byteCount) <= Limits.frameRawByteCountMax
    else { return nil }
  }

  /// The bytes in the index: big-endian, so that LMDB keeps the copies of a chunk in the order of
  /// pack, frame and offset.
  var storedForm: StoredLocation {
    StoredLocation(
      words: (
        packNumber.bigEndian, frameIndex.bigEndian, offsetInFrame.bigEndian, byteCount.bigEndian
      ))
  }
}

/// A ``ChunkLocation`` as it lies in the index.
struct StoredLocation: BitwiseCopyable {
  var words: (UInt32, UInt32, UInt32, UInt32)
}
