/// A moment as file systems keep it: whole seconds since 1970 (negative before) and nanoseconds.
package struct Timestamp: Hashable, Comparable, Sendable, Codable, BitwiseCopyable {
  package var seconds: Int64
  /// 0 ..< 1,000,000,000
  package var nanoseconds: UInt32

  package init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  package static func < (a: Timestamp, b: Timestamp) -> Bool {
    a.seconds != b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds
  }
}

/// Tells the time of day. Injected, so that tests and the simulation own the clock.
package protocol WallClock: Sendable {
  var now: Timestamp { get }
}

/// A clock that stands where it was put.
package struct FixedClock: WallClock {
  package let now: Timestamp
  package init(_ now: Timestamp) { self.now = now }
}
