internal import CZstd
package import CairnCore
package import CairnFormat

/// One-shot zstd for small objects; the hot path keeps contexts in ``FrameEncoder`` and
/// ``FrameDecoder``.
enum Zstandard {
  /// `nil` for an empty input, which isn't worth a frame.
  static func compress(_ bytes: [UInt8], level: Int32) throws(CairnError) -> [UInt8]? {
    guard !bytes.isEmpty else { return nil }
    let bound = ZSTD_compressBound(bytes.count)
    var status = 0
    let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      status = ZSTD_compress(buffer.baseAddress, bound, bytes, bytes.count, level)
      count = ZSTD_isError(status) == 0 ? status : 0
    }
    guard ZSTD_isError(status) == 0 else {
      throw CairnError(.failed, "compression failed: \(String(cString: ZSTD_getErrorName(status)))")
    }
    return output
  }

  /// `damaged` unless `bytes` decompresses to exactly `rawByteCount` bytes, which the caller has
  /// bounded.
  static func decompress(_ bytes: [UInt8], rawByteCount: Int) throws(CairnError) -> [UInt8] {
    var status = 0
    let output = [UInt8](unsafeUninitializedCapacity: rawByteCount) { buffer, count in
      status = ZSTD_decompress(buffer.baseAddress, rawByteCount, bytes, bytes.count)
      count = ZSTD_isError(status) == 0 ? status : 0
    }
    guard ZSTD_isError(status) == 0, status == rawByteCount else {
      throw CairnError.damaged("compressed content is malformed")
    }
    return output
  }
}

/// Compresses frames; one per thread, its tables are reused from frame to frame.
package final class FrameEncoder {
  private let context: OpaquePointer

  /// `level`: zstd's, -7 ... 22.
  package init(level: Int) {
    guard let context = ZSTD_createCCtx() else { preconditionFailure("out of memory") }
    self.context = context
    for (parameter, value) in [
      (ZSTD_c_compressionLevel, Int32(level)), (ZSTD_c_checksumFlag, 0),
      (ZSTD_c_contentSizeFlag, 1),
      (ZSTD_c_dictIDFlag, 0),
    ] {
      let status = ZSTD_CCtx_setParameter(context, parameter, value)
      precondition(ZSTD_isError(status) == 0, "zstd refuses a parameter of the config")
    }
  }

  deinit {
    ZSTD_freeCCtx(context)
  }

  /// Most bytes ``encode(_:to:)`` may write.
  package static func outputByteCountMax(rawByteCount: Int) -> Int {
    max(ZSTD_compressBound(rawByteCount), rawByteCount)
  }

  /// Writes the frame's payload to `destination`. What doesn't shrink by at least 1/64 is stored:
  /// reading it back is then nearly free.
  package func encode(
    _ source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawBufferPointer
  ) -> (method: FrameMethod, byteCount: Int) {
    let status = ZSTD_compress2(
      context, destination.baseAddress, destination.count, source.baseAddress, source.count)
    if ZSTD_isError(status) == 0, status < source.count - source.count / 64 {
      return (.zstd, status)
    }
    precondition(destination.count >= source.count, "no room for the frame")
    destination.copyMemory(from: source)
    return (.stored, source.count)
  }
}

/// Decompresses frames; one per thread.
package final class FrameDecoder {
  private let context: OpaquePointer

  package init() {
    guard let context = ZSTD_createDCtx() else { preconditionFailure("out of memory") }
    self.context = context
  }

  deinit {
    ZSTD_freeDCtx(context)
  }

  /// Fills `destination` exactly; `damaged` when the frame doesn't.
  package func decode(
    _ source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawBufferPointer
  ) throws(CairnError) {
    let status = ZSTD_decompressDCtx(
      context, destination.baseAddress, destination.count, source.baseAddress, source.count)
    guard ZSTD_isError(status) == 0, status == destination.count else {
      throw CairnError.damaged("compressed frame is malformed")
    }
  }
}
