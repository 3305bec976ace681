import CairnCore
import Testing

@testable import CairnCommands

struct TextTests {
  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (1234, "1.23 kB"), (12_345, "12.3 kB"),
    (999_499, "999 kB"), (999_500, "1.00 MB"), (123_456_789, "123 MB"),
    (9_995_000, "10.0 MB"), (5_000_000_000_000, "5.00 TB"),
  ])
  func `sizes are decimal and have three digits`(byteCount: Int, expected: String) {
    #expect(SizeText.text(byteCount) == expected)
  }

  @Test(arguments: [
    ("0", 0), ("512", 512), ("1k", 1000), ("10GB", 10_000_000_000), ("1.5 MB", 1_500_000),
    ("64KiB", 65_536), ("2Mi", 2 << 20), ("7B", 7), ("1t", 1_000_000_000_000),
  ])
  func `sizes are understood`(text: String, expected: UInt64) throws {
    #expect(try SizeText.parse(text) == expected)
  }

  @Test(arguments: ["", "x", "10XB", "-1", "1.2.3", "GB", "99999999P", "1kk", "5i"])
  func `what is no size is refused`(text: String) {
    #expect(throws: CairnError.self) { try SizeText.parse(text) }
  }

  @Test(
    arguments: [
      ("10s", 10), ("90m", 5400), ("12h", 43_200), ("30d", 2_592_000), ("1w2d", 777_600),
    ] as [(String, Int64)])
  func `spans of time are understood`(text: String, expected: Int64) throws {
    #expect(try DurationText.parse(text) == expected)
  }

  @Test(arguments: ["", "30", "d", "1x", "1d2", "-1d", "99999999y"])
  func `what is no span of time is refused`(text: String) {
    #expect(throws: CairnError.self) { try DurationText.parse(text) }
  }

  @Test(
    arguments: [
      (45, "45 s"), (723, "12:03 min"), (11_040, "3:04 h"), (216_000, "2.5 d"),
    ] as [(Int64, String)])
  func `spans of time are told in their unit`(seconds: Int64, expected: String) {
    #expect(DurationText.text(seconds: seconds) == expected)
  }

  @Test func `times of programs are universal and of one length`() {
    #expect(TimeText.universal(Timestamp(seconds: 0)) == "1970-01-01T00:00:00.000000000Z")
    #expect(
      TimeText.universal(Timestamp(seconds: 1_795_254_471, nanoseconds: 5))
        == "2026-11-21T09:47:51.000000005Z")
  }

  @Test(
    arguments: [
      ("@12", 12), ("1970-01-02T00:00:00Z", 86_400), ("2026-11-21 09:47Z", 1_795_254_420),
      ("2026-11-21T09:47:51Z", 1_795_254_471),
    ] as [(String, Int64)])
  func `times are understood`(text: String, expected: Int64) throws {
    #expect(try TimeText.parse(text) == Timestamp(seconds: expected))
  }

  @Test(arguments: ["2026-11-21 09:47:51", "2020-02-29 00:00:00"])
  func `local times come back as they were`(text: String) throws {
    #expect(TimeText.local(try TimeText.parse(text)) == text)
  }

  @Test(arguments: ["", "today", "2026-13-01", "2026-02-30", "2026-01-01 25:00", "1-2-3-4", "@x"])
  func `what is no time is refused`(text: String) {
    #expect(throws: CairnError.self) { try TimeText.parse(text) }
  }

  @Test func `columns are aligned and lines not padded`() {
    var table = TextTable([("id", .left), ("size", .right), ("path", .left)])
    table.rows = [["abc", "1 B", "/x"], ["d", "12 kB", ""]]
    #expect(table.lines == ["id    size  path", "abc    1 B  /x", "d    12 kB"])
  }

  @Test func `a progress line tells what is known and fits`() {
    let progress = Progress()
    progress.phase = .running
    progress.itemCount.set(10)
    progress.itemTotal.set(20)
    progress.byteCount.set(4_000_000)
    progress.byteTotal.set(8_000_000)
    progress.item = "/home/somebody/with/a/very/long/path/to/a/file.txt"
    let line = ProgressLine(progress, elapsedNanoseconds: 4_000_000_000)
    #expect(
      line.text(width: 70).hasPrefix("50 %, 10 of 20, 4.00 MB of 8.00 MB, 1.00 MB/s, 4 s left"))
    for width in 0..<120 { #expect(line.text(width: width).count <= max(0, width)) }
    #expect(line.text(width: 100).hasSuffix("file.txt"))
  }
}
