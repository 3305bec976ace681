import CairnCore
import Glibc

/// Moments as people and programs write and read them.
enum TimeText {
  /// `2026-11-21 09:47:51`, local time.
  static func local(_ time: Timestamp) -> String {
    var seconds = time_t(time.seconds)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return date(parts) + " " + clock(parts)
  }

  /// `2026-11-21T09:47:51.000000000Z`, for programs; always of the same length.
  static func universal(_ time: Timestamp) -> String {
    var seconds = time_t(time.seconds)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return date(parts) + "T" + clock(parts) + "." + NumberText.padded(time.nanoseconds, to: 9) + "Z"
  }

  private static func date(_ parts: tm) -> String {
    NumberText.padded(parts.tm_year + 1900, to: 4) + "-"
      + NumberText.padded(parts.tm_mon + 1, to: 2)
      + "-" + NumberText.padded(parts.tm_mday, to: 2)
  }

  private static func clock(_ parts: tm) -> String {
    NumberText.padded(parts.tm_hour, to: 2) + ":" + NumberText.padded(parts.tm_min, to: 2) + ":"
      + NumberText.padded(parts.tm_sec, to: 2)
  }

  /// `2026-11-21`, `2026-11-21 09:47`, `2026-11-21T09:47:51`, local time unless a `Z` follows, or
  /// `@` and seconds since 1970. `usage` for anything else.
  static func parse(_ text: String) throws(CairnError) -> Timestamp {
    let failure = CairnError(
      .usage, "\(text) is not a time; write for example \"2026-11-21 09:47:51\" or @1763718471")
    if text.hasPrefix("@") {
      guard let seconds = Int64(text.dropFirst()) else { throw failure }
      return Timestamp(seconds: seconds)
    }
    let isUniversal = text.hasSuffix("Z")
    let halves = (isUniversal ? text.dropLast() : text[...])
      .split(whereSeparator: { $0 == " " || $0 == "T" })
    guard (1...2).contains(halves.count) else { throw failure }
    let date = try numbers(halves[0], "-", counts: 3...3, else: failure)
    let clock =
      halves.count == 2 ? try numbers(halves[1], ":", counts: 2...3, else: failure) : [0, 0]
    guard (1...12).contains(date[1]), (1...31).contains(date[2]), date[0] >= 1970,
      clock[0] < 24, clock[1] < 60, (clock.count < 3 ? 0 : clock[2]) < 61
    else { throw failure }
    var parts = tm()
    parts.tm_year = date[0] - 1900
    parts.tm_mon = date[1] - 1
    parts.tm_mday = date[2]
    parts.tm_hour = clock[0]
    parts.tm_min = clock[1]
    parts.tm_sec = clock.count < 3 ? 0 : clock[2]
    parts.tm_isdst = -1
    let seconds = isUniversal ? timegm(&parts) : mktime(&parts)
    // 31 February became a day in March.
    guard parts.tm_mday == date[2] else { throw failure }
    return Timestamp(seconds: Int64(seconds))
  }

  private static func numbers(
    _ text: Substring, _ separator: Character, counts: ClosedRange<Int>, else failure: CairnError
  ) throws(CairnError) -> [Int32] {
    let fields = text.split(separator: separator, omittingEmptySubsequences: false)
    var numbers: [Int32] = []
    for field in fields {
      guard (1...4).contains(field.count), field.allSatisfy({ $0.isASCII && $0.isNumber }),
        let number = Int32(field)
      else { throw failure }
      numbers.append(number)
    }
    guard counts.contains(numbers.count) else { throw failure }
    return numbers
  }
}
