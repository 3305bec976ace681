internal import CairnCore
internal import Glibc

/// The parts of the calendar that retention needs, in a time zone.
package struct LocalCalendar: Sendable {
  /// Seconds to add to a moment, given in Unix seconds, to get local time.
  private let offset: @Sendable (Int64) -> Int64

  package init(offset: @escaping @Sendable (Int64) -> Int64) {
    self.offset = offset
  }

  /// The time zone of this machine (`TZ`).
  package static let system = LocalCalendar { seconds in
    var time = time_t(seconds)
    var parts = tm()
    guard localtime_r(&time, &parts) != nil else { return 0 }
    return Int64(parts.tm_gmtoff)
  }

  /// A stretch of time; each has a number that grows with time.
  enum Period: Sendable, CaseIterable {
    case hour, day, week, month, year
  }

  /// Number of the period a moment is in, in local time. The hour that is repeated when the clock
  /// is put back counts as one.
  func number(of period: Period, at moment: Timestamp) -> Int64 {
    let local = moment.seconds + offset(moment.seconds)
    let day = LocalCalendar.floorDivide(local, 86_400)
    switch period {
    case .hour: return LocalCalendar.floorDivide(local, 3600)
    case .day: return day
    // 1 January 1970 was a Thursday.
    case .week: return LocalCalendar.floorDivide(day + 3, 7)
    case .month:
      let (year, month) = LocalCalendar.yearAndMonth(ofDay: day)
      return year * 12 + month - 1
    case .year: return LocalCalendar.yearAndMonth(ofDay: day).year
    }
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
  }

  /// Year and month (1 ... 12) of a day of the Gregorian calendar, counted from 1 January 1970.
  ///
  /// Years are taken to begin in March, so that the leap day is their last; 400 of them have
  /// 146,097 days.
  private static func yearAndMonth(ofDay day: Int64) -> (year: Int64, month: Int64) {
    let shifted = day + 719_468  // days since 1 March of year 0
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
  }
}
