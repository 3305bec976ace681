import CairnCore
import CairnFormat
import CairnSystem
import CairnTesting
import Testing

@testable import CairnRestore

/// Dumping, listing and comparing.
@Suite struct BrowsingTests {
  let fixture: RestoreFixture
  init() throws { fixture = try RestoreFixture() }

  private func dump(_ name: String, of snapshot: SnapshotRecord) throws -> [UInt8] {
    let path = fixture.temporary.appending("dumped")
    let file = try DirectoryHandle.working.open(path, [.write, .createNew])
    try Dump.file(
      at: [[UInt8](name.utf8)], of: snapshot, in: fixture.repository, to: file.number)
    return try DirectoryHandle.working.readFile(path, byteCountMax: 8 << 20)
  }

  @Test func `a dumped file is what was saved`() throws {
    var generator = SeededGenerator(seed: 3)
    let content = generator.bytes(3_000_001)
    try fixture.build([.file("f", bytes: content)])
    #expect(try dump("f", of: fixture.save()) == content)
  }

  @Test func `holes are dumped as zeros`() throws {
    try fixture.build([
      .sparse(
        "f", size: 1 << 20, [(offset: UInt64(200_000), bytes: [UInt8](repeating: 9, count: 10))])
    ])
    var wanted = [UInt8](repeating: 0, count: 1 << 20)
    for position in 200_000..<200_010 { wanted[position] = 9 }
    #expect(try dump("f", of: fixture.save()) == wanted)
  }

  @Test func `a directory can't be dumped`() throws {
    try fixture.build([.directory("d")])
    let snapshot = try fixture.save()
    let error = #expect(throws: CairnError.self) { try dump("d", of: snapshot) }
    #expect(error?.code == .usage)
  }

  @Test func `a dump of damaged content fails`() throws {
    try fixture.build([.file("f", bytes: [UInt8](repeating: 1, count: 10_000))])
    let snapshot = try fixture.save()
    for key in try fixture.packs(.data) { try fixture.damage(key) }
    let error = #expect(throws: CairnError.self) { try dump("f", of: snapshot) }
    #expect(error?.code == .damaged)
  }

  @Test func `entries are listed in order, those below on request`() throws {
    try fixture.build([
      .directory("d", [.directory("e", [.file("f")]), .file("g")]), .file("h"),
    ])
    let snapshot = try fixture.save()
    func list(_ path: [String]?, recursive: Bool) throws -> [String] {
      var found: [String] = []
      try SnapshotLister.list(
        snapshot, path: path?.map { [UInt8]($0.utf8) }, recursive: recursive,
        in: fixture.repository
      ) { path, _ in found.append(String(decoding: path, as: UTF8.self)) }
      return found
    }
    #expect(try list(nil, recursive: false) == ["/d", "/h"])
    #expect(try list(nil, recursive: true) == ["/d", "/d/e", "/d/e/f", "/d/g", "/h"])
    #expect(try list(["d"], recursive: false) == ["/d/e", "/d/g"])
    #expect(try list(["h"], recursive: true) == ["/h"])
  }

  @Test func `what changed between snapshots is told, and only that`() throws {
    let time = Timestamp(seconds: 1)
    try fixture.build([
      .directory("same", [.file("f", "1", mtime: time)], mtime: time),
      .directory(
        "d", [.file("changed", "1", mtime: time), .file("gone", "12", mtime: time)],
        mtime: time),
      .file("mode", "1", mode: 0o600, mtime: time), .file("kind", "1", mtime: time),
    ])
    let a = try fixture.save()
    try FileTree.remove(fixture.source)
    try fixture.build([
      .directory("same", [.file("f", "1", mtime: time)], mtime: time),
      .directory(
        "d", [.file("changed", "two", mtime: time), .file("new", "1234", mtime: time)],
        mtime: time),
      .file("mode", "1", mode: 0o640, mtime: time), .directory("kind", [.file("x")], mtime: time),
    ])
    let b = try fixture.save()
    var changes: [String] = []
    let summary = try SnapshotDiff.compare(a, b, in: fixture.repository) { change in
      changes.append("\(change.kind.rawValue) \(String(decoding: change.path, as: UTF8.self))")
    }
    #expect(
      changes == [
        "modified /d/changed", "removed /d/gone", "added /d/new", "type /kind", "added /kind/x",
        "metadata /mode",
      ])
    #expect(summary.added == 2 && summary.removed == 1 && summary.modified == 1)
    #expect(summary.bytesAdded == 7 && summary.bytesRemoved == 4)
    #expect(try SnapshotDiff.compare(a, a, in: fixture.repository) { _ in }.isEmpty)
  }
}
