/// Numbers with a fixed number of decimals, without Foundation.
enum NumberText {
  static func fixed(_ value: Double, digits: Int) -> String {
    var factor = 1.0
    for _ in 0..<digits { factor *= 10 }
    let scaled = Int64((abs(value) * factor).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let unit = Int64(factor)
    return "\(sign)\(scaled / unit).\(padded(scaled % unit, to: digits))"
  }

  /// Leading zeros up to `width` digits.
  static func padded(_ value: some BinaryInteger, to width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// `1 file`, `2 files`.
  static func counted(_ count: some BinaryInteger, _ singular: String, _ plural: String? = nil)
    -> String
  {
    "\(count) \(count == 1 ? singular : plural ?? singular + "s")"
  }
}
