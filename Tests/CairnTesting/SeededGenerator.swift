import Glibc

/// Random numbers for tests that can be drawn again: xoshiro256** started from one seed.
///
/// A test that uses it says ``description`` in its failure messages; setting `CAIRN_TEST_SEED` to
/// that seed repeats the run.
package struct SeededGenerator: RandomNumberGenerator, CustomStringConvertible {
  package let seed: UInt64
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// Takes the seed from `CAIRN_TEST_SEED`, else from the system.
  package init() {
    self.init(seed: SeededGenerator.demandedSeed ?? UInt64.random(in: .min ... .max))
  }

  package init(seed: UInt64) {
    self.seed = seed
    // SplitMix64 spreads the seed, as the authors of xoshiro recommend.
    var mixer = seed
    func next() -> UInt64 {
      mixer &+= 0x9e37_79b9_7f4a_7c15
      var z = mixer
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  package mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }

  /// Random bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      var at = 0
      while at < count {
        var word = next()
        for _ in 0..<min(8, count - at) {
          buffer[at] = UInt8(truncatingIfNeeded: word)
          word >>= 8
          at += 1
        }
      }
      initialized = count
    }
  }

  package var description: String { "CAIRN_TEST_SEED=\(seed)" }

  private static let demandedSeed: UInt64? = {
    guard let text = getenv("CAIRN_TEST_SEED") else { return nil }
    guard let seed = UInt64(String(cString: text)) else {
      preconditionFailure("CAIRN_TEST_SEED is not a number")
    }
    return seed
  }()
}
