import CairnCore

/// Spans of time as people write and read them.
enum DurationText {
  /// `45 s`, `12:03 min`, `3:04 h`, `2.5 d`.
  static func text(seconds: Int64) -> String {
    switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60):\(NumberText.padded(seconds % 60, to: 2)) min"
    case ..<172_800: "\(seconds / 3600):\(NumberText.padded(seconds / 60 % 60, to: 2)) h"
    default: "\(NumberText.fixed(Double(seconds) / 86_400, digits: 1)) d"
    }
  }

  /// The same with a decimal below ten seconds.
  static func text(nanoseconds: Int64) -> String {
    guard nanoseconds < 9_950_000_000 else {
      return text(seconds: (nanoseconds + 500_000_000) / 1_000_000_000)
    }
    let digits = nanoseconds < 1_000_000_000 ? 2 : 1
    return NumberText.fixed(Double(nanoseconds) / 1e9, digits: digits) + " s"
  }

  private static let units: [Character: Int64] = [
    "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600,
  ]

  /// Seconds of `30d`, `2w`, `1y6w`, `12h`, `90m`, `10s`; a month has no fixed length, so there is
  /// none. `usage` for anything else.
  static func parse(_ text: String) throws(CairnError) -> Int64 {
    let failure = CairnError(
      .usage, "\(text) is not a span of time; write for example 12h, 30d, 8w or 2y")
    var total: Int64 = 0
    var rest = text[...]
    guard !rest.isEmpty else { throw failure }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      guard let count = Int64(digits), count <= 1_000_000, let letter = rest.popFirst(),
        let unit = units[letter]
      else { throw failure }
      total += count * unit
      guard total < 1 << 40 else { throw failure }
    }
    return total
  }
}
