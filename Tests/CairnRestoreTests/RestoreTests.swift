import CairnCore
import CairnFormat
import CairnSystem
import CairnTesting
import Testing

@testable import CairnRestore

@Suite struct RestoreTests {
  let fixture: RestoreFixture
  init() throws { fixture = try RestoreFixture() }

  private let time = Timestamp(seconds: 1_000_000_000, nanoseconds: 123_456_789)

  private func entries() -> [FileTree.Entry] {
    var generator = SeededGenerator(seed: 7)
    let runs: [(offset: UInt64, bytes: [UInt8])] = [
      (65_536, generator.bytes(10_000)), (500_000, [1]),
    ]
    return [
      .file("empty", "", mode: 0o600, mtime: time),
      .file("small", "some text", mode: 0o640, mtime: time).with("user.color", [1, 2, 3]),
      .file("large", bytes: generator.bytes(700_001), mode: 0o4755, mtime: time),
      .directory(
        "locked",
        [.file("inner", "x", mode: 0o444), .directory("deep", [.file("z", "zz")])],
        mode: 0o555, mtime: time),
      .directory("nothing", [], mode: 0o1777, mtime: time),
      .symlink("link", to: "small", mtime: time),
      .symlink("dangling", to: "/nowhere/at/all"),
      .hardLink("twin", to: "small"),
      .directory("other", [.hardLink("triplet", to: "small")], mtime: time),
      .fifo("pipe", mode: 0o620),
      .sparse(
        "holes", size: 1 << 20,
        runs),
      .sparse("hollow", size: 1 << 20, []),
    ]
  }

  @Test func `a tree comes back in content and metadata`() throws {
    try fixture.build(entries())
    let snapshot = try fixture.save()
    let report = try fixture.restore(snapshot)
    #expect(try fixture.differences() == [])
    #expect(report.problems == [])
    #expect(!report.isDamaged)
    #expect(report.directories == 4)
    #expect(report.links == 4)
    #expect(report.specials == 1)
    #expect(report.filesWritten == 7)
  }

  @Test func `a second restore finds everything in place`() throws {
    try fixture.build(entries())
    let snapshot = try fixture.save()
    _ = try fixture.restore(snapshot)
    let report = try fixture.restore(snapshot)
    #expect(report.filesUnchanged == 7)
    #expect(report.filesWritten == 0)
    #expect(report.filesUpdated == 0)
    #expect(report.bytesWritten == 0)
    #expect(try fixture.differences() == [])
  }

  @Test func `only the chunks that differ are written`() throws {
    try fixture.build(entries())
    let snapshot = try fixture.save()
    _ = try fixture.restore(snapshot)
    let large = fixture.target.appending("large")
    try DirectoryHandle.working.open(large, .write).write([9, 9, 9], at: 5000)
    let report = try fixture.restore(snapshot)
    #expect(report.filesUpdated == 1)
    #expect(report.bytesWritten == 4096)
    #expect(try fixture.differences() == [])
  }

  @Test(arguments: [0, 10, 699_999, 800_000])
  func `a file of another length is mended`(size: Int) throws {
    try fixture.build(entries())
    let snapshot = try fixture.save()
    _ = try fixture.restore(snapshot)
    let large = fixture.target.appending("large")
    try DirectoryHandle.working.open(large, .write).truncate(to: UInt64(size))
    let report = try fixture.restore(snapshot)
    #expect(report.filesUpdated == 1)
    #expect(try fixture.differences() == [])
  }

  @Test func `metadata that differs is repaired and the file counts as unchanged`() throws {
    try fixture.build(entries())
    let snapshot = try fixture.save()
    _ = try fixture.restore(snapshot)
    let place = DirectoryHandle.working
    let large = fixture.target.appending("large")
    try place.setMode(of: large, 0o600)
    try place.setExtendedAttribute(
      of: large, ExtendedAttribute(name: [UInt8]("user.extra".utf8), value: [1]))
    try place.setModificationTime(of: large, Timestamp(seconds: 5))
    let report = try fixture.restore(snapshot)
    #expect(report.filesUnchanged == 7)
    #expect(try fixture.differences() == [])
  }

  @Test func `data in the place of holes is punched out`() throws {
    try fixture.build(entries())
    let snapshot = try fixture.save()
    _ = try fixture.restore(snapshot)
    let hollow = fixture.target.appending("hollow")
    try DirectoryHandle.working.open(hollow, .write)
      .write([UInt8](repeating: 7, count: 100_000), at: 300_000)
    let report = try fixture.restore(snapshot)
    #expect(report.filesUpdated == 1)
    #expect(try fixture.differences() == [])
  }

  @Test func `a file with names outside is replaced, not changed through them`() throws {
    try fixture.build([.file("f", "right content")])
    let snapshot = try fixture.save()
    let place = DirectoryHandle.working
    try place.makeDirectory(fixture.target)
    let outside = fixture.temporary.appending("outside")
    try place.open(outside, [.write, .createNew]).write([UInt8]("precious".utf8), at: 0)
    try place.makeHardLink(fixture.target.appending("f"), to: outside)
    let report = try fixture.restore(snapshot)
    #expect(report.filesUpdated == 1)
    #expect(try fixture.differences() == [])
    #expect(try place.readFile(outside, byteCountMax: 100) == [UInt8]("precious".utf8))
  }

  @Test func `a directory lands in the target, a file under its name`() throws {
    try fixture.build([
      .directory(
        "a", [.directory("b", [.file("f", "content", mtime: time)], mode: 0o750, mtime: time)])
    ])
    let snapshot = try fixture.save()
    _ = try fixture.restore(snapshot, path: [[UInt8]("a".utf8), [UInt8]("b".utf8)])
    let wanted = try TreeDescription(of: fixture.source.appending("a/b"))
    #expect(try wanted.differences(from: TreeDescription(of: fixture.target)) == [])

    let other = fixture.temporary.appending("other")
    _ = try fixture.restore(
      snapshot, path: ["a", "b", "f"].map { [UInt8]($0.utf8) }
    ) { $0.target = other }
    let place = DirectoryHandle.working
    #expect(
      try place.readFile(other.appending("f"), byteCountMax: 100) == [UInt8]("content".utf8))
  }

  @Test func `a path the snapshot doesn't have is not found`() throws {
    try fixture.build([.file("f", "content")])
    let snapshot = try fixture.save()
    let error = #expect(throws: CairnError.self) {
      try fixture.restore(snapshot, path: [[UInt8]("g".utf8)])
    }
    #expect(error?.code == .notFound)
  }

  @Test func `what the filter excludes is neither restored nor deleted`() throws {
    try fixture.build([
      .directory("keep", [.file("a.txt", "a"), .file("b.log", "b")]),
      .directory("skip", [.file("c.txt", "c")]),
    ])
    let snapshot = try fixture.save()
    let place = DirectoryHandle.working
    try place.makeDirectory(fixture.target)
    try place.open(fixture.target.appending("old.log"), [.write, .createNew])
      .write([1], at: 0)
    try place.open(fixture.target.appending("old.txt"), [.write, .createNew])
      .write([1], at: 0)
    let report = try fixture.restore(snapshot) {
      $0.filter = PathFilter(excludes: ["*.log", "/skip"])
      $0.deletesExtra = true
    }
    let paths = try TreeDescription(of: fixture.target).entries.keys.sorted().map(\.displayText)
    #expect(paths == [".", "keep", "keep/a.txt", "old.log"])
    #expect(report.deleted == 1)
  }

  @Test func `a dry run tells what it would do and touches nothing`() throws {
    try fixture.build([
      .file("changed", "new"), .file("same", "same", mtime: time),
      .directory("d", [.file("made", "1")]), .symlink("link", to: "same"),
    ])
    let snapshot = try fixture.save()
    try FileTree([
      .file("changed", "old"), .file("same", "same", mtime: time), .file("extra", "2"),
    ]).build(at: fixture.target)
    let before = try TreeDescription(of: fixture.target)
    let report = try fixture.restore(snapshot) {
      $0.isDryRun = true
      $0.deletesExtra = true
    }
    #expect(
      report.actions.map { "\($0.verb.rawValue) \($0.path)" } == [
        "update changed", "create d", "create d/made", "delete extra", "create link",
        "unchanged same",
      ])
    #expect(try before.differences(from: TreeDescription(of: fixture.target)) == [])
    let virtual = try fixture.restore(snapshot) {
      $0.isDryRun = true
      $0.target = fixture.temporary.appending("nowhere")
    }
    #expect(virtual.actionCount == 5)
    #expect(
      try DirectoryHandle.working.statusIfPresent(of: fixture.temporary.appending("nowhere"))
        == nil)
  }
}
