import CairnCore
import CairnFormat
import CairnSystem
import CairnTesting
import Testing

@testable import CairnRestore

/// Random trees, written, restored and compared.
@Suite struct RestorePropertyTests {
  @Test(arguments: 0..<6)
  func `whatever is saved comes back, also over another tree`(round: Int) throws {
    var generator = SeededGenerator()
    for _ in 0..<round { _ = generator.next() }
    var random = SeededGenerator(seed: generator.next())
    let fixture = try RestoreFixture()
    fixture.chunkByteCount = [512, 4096, 60_000].randomElement(using: &random)!
    try fixture.build(RestorePropertyTests.entries(&random, depth: 0))
    let first = try fixture.save()
    let report = try fixture.restore(first)
    #expect(report.problems == [], "\(random)")
    #expect(try fixture.differences() == [], "\(random)")

    // Another tree over it: the first one's names in other places, some the same.
    try FileTree.remove(fixture.source)
    try fixture.build(RestorePropertyTests.entries(&random, depth: 0))
    let second = try fixture.save()
    let again = try fixture.restore(second) {
      $0.deletesExtra = true
      $0.workerCount = 3
    }
    #expect(again.problems == [], "\(random)")
    #expect(try fixture.differences() == [], "\(random)")
  }

  private static func entries(
    _ random: inout SeededGenerator, depth: Int
  ) -> [FileTree.Entry] {
    let names = (0..<Int.random(in: 0...12, using: &random)).map { _ in
      Int.random(in: 0..<30, using: &random)
    }
    return Set(names).sorted().map { number in
      let name = RawPath([UInt8]("n\(number)".utf8) + (number % 7 == 0 ? [0xff, 0x01] : []))
      let mtime = Timestamp(
        seconds: Int64.random(in: 0...2_000_000_000, using: &random),
        nanoseconds: UInt32.random(in: 0..<1_000_000_000, using: &random))
      let mode = UInt16.random(in: 0...0o7777, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0...1 where depth < 4:
        return .directory(name, entries(&random, depth: depth + 1), mode: mode, mtime: mtime)
      case 2: return .symlink(name, to: RawPath("target/\(number)"), mtime: mtime)
      case 3: return .fifo(name, mode: mode)
      case 4:
        let run: (offset: UInt64, bytes: [UInt8]) = (
          UInt64.random(in: 0..<800_000, using: &random), random.bytes(5000)
        )
        return .sparse(name, size: 900_000, [run])
      case 5: return .file(name, bytes: random.bytes(200_000), mode: mode, mtime: mtime)
      case 6:
        // The same everywhere, so that chunks have several places.
        return .file(name, bytes: [UInt8](repeating: 5, count: 100_000), mode: mode, mtime: mtime)
      default:
        let count = Int.random(in: 0...6000, using: &random)
        return .file(name, bytes: random.bytes(count), mode: mode, mtime: mtime)
      }
    }
  }
}
