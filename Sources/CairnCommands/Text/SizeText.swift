import CairnCore

/// Byte counts as people write and read them. On screen they are decimal: 1 kB is 1000 bytes.
enum SizeText {
  private static let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]

  /// Three significant digits: `999 B`, `1.23 MB`, `12.3 MB`, `123 MB`.
  static func text(_ byteCount: some BinaryInteger) -> String {
    guard byteCount >= 1000 else { return "\(byteCount) B" }
    var value = Double(byteCount)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
    return "\(NumberText.fixed(value, digits: digits)) \(units[unit])"
  }

  /// `512`, `10GB`, `1.5 TB`, `64KiB`, `64k`: letters of either case; `i` makes it binary.
  /// `usage` for anything else.
  static func parse(_ text: String) throws(CairnError) -> UInt64 {
    let failure = CairnError(
      .usage, "\(text) is not a size; write for example 500MB, 10GB or 64KiB")
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let value = Double(number), value >= 0 else { throw failure }
    let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
    let powers: [Character: Double] = ["k": 1, "m": 2, "g": 3, "t": 4, "p": 5]
    var factor = 1.0
    switch (unit.first, unit.dropFirst()) {
    case (nil, _), ("b", ""): break
    case (let letter?, let rest):
      guard let power = powers[letter] else { throw failure }
      let base: Double
      switch rest {
      case "", "b": base = 1000
      case "i", "ib": base = 1024
      default: throw failure
      }
      for _ in 0..<Int(power) { factor *= base }
    }
    guard value * factor < 9e18 else { throw failure }
    return UInt64((value * factor).rounded())
  }
}
