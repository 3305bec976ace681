package import CairnCore

/// Where the chunker may cut. Part of the repository's configuration: two programs with the same
/// parameters and the same secret cut alike.
///
/// With `min`, `avg`, `max` (bytes) and `level` as configured, in integers, `/` rounding down:
///
///     distance       = avg - min
///     switchLength   = min + distance * c[level] / 1024      c = [710, 830, 914, 965, 993]
///     earlyThreshold = 2^32 / (distance * 2^level)
///     lateThreshold  = smallest of 2^32 * 2^level / distance and 2^32 - 1
///
/// A chunk ends at the first length `n` with `min <= n < max` for which the gear hash of its last
/// 32 bytes is below the threshold: the early one while `n < switchLength`, from then on the late
/// one. If there is none it ends at `max`, or with the stream.
///
/// Cutting is 2^level times rarer than the average before `switchLength` and 2^level times more
/// frequent after it, which narrows the spread of sizes. `c[level] / 1024` is
/// 2^level · ln(1 + 2^-level), the switch for which the expected length is exactly `avg` (but for
/// what `max` cuts off, less than a millionth at the standard parameters): it solves
/// `K (1 - e^(-c/K)) + e^(-c/K) / K = 1` for `K = 2^level`.
package struct ChunkerParameters: Hashable, Sendable {
  /// No chunk is shorter, except the last of a stream.
  package let minByteCount: Int
  /// The expected length of a chunk of random data.
  package let averageByteCount: Int
  /// No chunk is longer.
  package let maxByteCount: Int
  /// How strongly lengths are drawn towards the average: 0 (not at all) to 4.
  package let normalizationLevel: Int

  /// The smallest `minByteCount`: above the 32 bytes that a cut depends on, so that these always
  /// lie in the chunk itself.
  package static let minByteCountFloor = 64
  package static let normalizationLevelMax = 4

  /// 16, 64 and 256 KiB, level 2.
  package static let standard = ChunkerParameters(
    unchecked: 16 << 10, averageByteCount: 64 << 10, maxByteCount: 256 << 10,
    normalizationLevel: 2)

  /// Throws `damaged` if the values, which may come from a repository, make no sense.
  package init(
    minByteCount: Int, averageByteCount: Int, maxByteCount: Int, normalizationLevel: Int
  ) throws(CairnError) {
    guard minByteCount >= ChunkerParameters.minByteCountFloor else {
      throw .damaged("chunker: a minimum of \(minByteCount) bytes is too small")
    }
    guard minByteCount < averageByteCount, averageByteCount < maxByteCount else {
      throw .damaged("chunker: minimum, average and maximum must ascend")
    }
    guard maxByteCount <= Limits.chunkByteCountMax else {
      throw .damaged("chunker: a maximum of \(maxByteCount) bytes is too large")
    }
    guard (0...ChunkerParameters.normalizationLevelMax).contains(normalizationLevel) else {
      throw .damaged("chunker: there is no normalisation level \(normalizationLevel)")
    }
    self.init(
      unchecked: minByteCount, averageByteCount: averageByteCount, maxByteCount: maxByteCount,
      normalizationLevel: normalizationLevel)
  }

  private init(
    unchecked minByteCount: Int, averageByteCount: Int, maxByteCount: Int, normalizationLevel: Int
  ) {
    self.minByteCount = minByteCount
    self.averageByteCount = averageByteCount
    self.maxByteCount = maxByteCount
    self.normalizationLevel = normalizationLevel
  }

  /// The length from which on the late threshold applies.
  var switchByteCount: Int {
    let factors = [710, 830, 914, 965, 993]
    return minByteCount + distance * factors[normalizationLevel] / 1024
  }

  var earlyThreshold: UInt32 {
    UInt32(clamping: (UInt64(1) << 32) / (UInt64(distance) << UInt64(normalizationLevel)))
  }

  var lateThreshold: UInt32 {
    UInt32(clamping: (UInt64(1) << UInt64(32 + normalizationLevel)) / UInt64(distance))
  }

  private var distance: Int { averageByteCount - minByteCount }
}
