import CairnCore
import CairnCrypto
import CairnFormat
import CairnRepository
import Testing

@testable import CairnMaintenance

@Suite struct RetentionPlanTests {
  static let utc = LocalCalendar { _ in 0 }
  static let day: Int64 = 86_400
  /// Monday, 1 January 2024, 00:00 UTC.
  static let monday: Int64 = 1_704_067_200

  static func snapshot(
    _ time: Int64, host: String = "h", paths: [String] = ["/p"], tags: [String] = []
  ) -> Snapshot {
    let root = DirectoryContent(root: ChunkID(Digest()), level: 0, entryCount: 0, byteCount: 0)
    let record = SnapshotRecord(
      time: Timestamp(seconds: time), started: Timestamp(seconds: time),
      completed: Timestamp(seconds: time), host: host, user: "u",
      paths: paths.map { ByteText(Array($0.utf8)) }, tags: tags, excludes: [], root: root,
      parent: nil, generation: 1, previous: nil, program: "t", statistics: .init(), problems: [])
    return Snapshot(
      name: ObjectName(of: Array("\(time) \(host) \(paths) \(tags)".utf8)), record: record)
  }

  static func keptTimes(
    _ times: [Int64], _ calendar: LocalCalendar = utc, _ set: (inout RetentionPolicy) -> Void
  ) -> [Int64] {
    var policy = RetentionPolicy()
    set(&policy)
    let plan = RetentionPlan.make(
      snapshots: times.map { snapshot($0) }, policy: policy, calendar: calendar)
    return plan.groups.flatMap { $0.keep.map(\.snapshot.record.time.seconds) }.sorted()
  }

  @Test func `the newest of each day is kept`() {
    let times = (0..<40).map { Self.monday + Int64($0) * 6 * 3600 }
    let kept = Self.keptTimes(times) { $0.daily = 3 }
    #expect(kept == (7...9).map { Self.monday + $0 * Self.day + 18 * 3600 })
  }

  @Test func `weeks begin on monday`() {
    let times = (-1...14).map { Self.monday + Int64($0) * Self.day }
    let kept = Self.keptTimes(times) { $0.weekly = -1 }
    #expect(kept == [-1, 6, 13, 14].map { Self.monday + $0 * Self.day })
  }

  @Test func `months and years follow the calendar`() {
    // 2024 is a leap year: 29 February is day 59.
    let days: [Int64] = [30, 31, 59, 60, 365, 366]
    let times = days.map { Self.monday + $0 * Self.day }
    let months = Self.keptTimes(times) { $0.monthly = -1 }
    #expect(months == [30, 59, 60, 365, 366].map { Self.monday + $0 * Self.day })
    let years = Self.keptTimes(times) { $0.yearly = -1 }
    #expect(years == [365, 366].map { Self.monday + $0 * Self.day })
  }

  @Test func `months hold in every century`() {
    for (seconds, month) in [
      (-2_208_988_800, 1900 * 12), (951_782_400, 2000 * 12 + 1), (4_107_542_399, 2100 * 12 + 1),
      (4_107_542_400, 2100 * 12 + 2), (-1, 1969 * 12 + 11),
    ] as [(Int64, Int64)] {
      #expect(Self.utc.number(of: .month, at: Timestamp(seconds: seconds)) == month)
    }
  }

  @Test func `days are those of the time zone`() {
    let times = [Self.monday - 3600, Self.monday + 3600]
    #expect(Self.keptTimes(times) { $0.daily = 5 }.count == 2)
    let west = LocalCalendar { _ in -5 * 3600 }
    #expect(Self.keptTimes(times, west) { $0.daily = 5 } == [Self.monday + 3600])
  }

  @Test func `hours and counts are bounded`() {
    let times = (0..<10).map { Self.monday + Int64($0) * 1800 }
    #expect(Self.keptTimes(times) { $0.hourly = 2 } == [7, 9].map { Self.monday + $0 * 1800 })
    #expect(Self.keptTimes(times) { $0.last = 2 } == [8, 9].map { Self.monday + $0 * 1800 })
  }

  @Test func `within counts from the newest snapshot`() {
    let times = (0..<10).map { Self.monday + Int64($0) * Self.day }
    let kept = Self.keptTimes(times) { $0.within = 2 * Self.day }
    #expect(kept == (7...9).map { Self.monday + $0 * Self.day })
  }

  @Test func `groups are treated apart and reasons are told`() throws {
    var policy = RetentionPolicy()
    policy.last = 1
    policy.tags = [["keep", "me"]]
    let plan = RetentionPlan.make(
      snapshots: [
        Self.snapshot(1, host: "a"), Self.snapshot(2, host: "a"), Self.snapshot(1, host: "b"),
        Self.snapshot(0, host: "a", tags: ["me", "keep", "x"]),
        Self.snapshot(0, host: "b", tags: ["keep"]),
        Self.snapshot(3, host: "a", paths: ["/x", "/y"]),
        Self.snapshot(4, host: "a", paths: ["/y", "/x"]),
      ], policy: policy, calendar: Self.utc)
    #expect(plan.groups.count == 3)
    #expect(plan.groups.map(\.keep.count) == [2, 1, 1])
    #expect(plan.groups.map(\.remove.count) == [1, 1, 1])
    let host = try #require(plan.groups.first { $0.host == "a" && $0.paths == ["/p"] })
    #expect(host.keep.map(\.reasons) == [["last"], ["tags keep,me"]])
    #expect(host.description == "host a; paths /p")
    let all = RetentionPlan.make(
      snapshots: plan.remove, policy: policy, groupBy: [], calendar: Self.utc)
    #expect(all.groups.count == 1 && all.groups[0].description.isEmpty)
  }

  @Test func `a group keeps its newest unless told otherwise`() {
    var policy = RetentionPolicy()
    policy.tags = [["x"]]
    let snapshots = [Self.snapshot(1), Self.snapshot(2)]
    let plan = RetentionPlan.make(snapshots: snapshots, policy: policy, calendar: Self.utc)
    #expect(plan.remove.map(\.record.time.seconds) == [1])
    policy.mayRemoveAll = true
    let bold = RetentionPlan.make(snapshots: snapshots, policy: policy, calendar: Self.utc)
    #expect(bold.remove.count == 2 && bold.keepCount == 0)
    let empty = RetentionPlan.make(
      snapshots: snapshots, policy: RetentionPolicy(), calendar: Self.utc)
    #expect(empty.remove.isEmpty)
  }
}
