import CairnCore
import CairnFormat
import CairnRepository
import CairnSystem
import CairnTesting
import Glibc
import Testing

@testable import CairnRestore

/// Hostile targets, hostile trees, and what is deleted.
@Suite struct RestoreSafetyTests {
  let fixture: RestoreFixture
  init() throws { fixture = try RestoreFixture() }

  private let place = DirectoryHandle.working

  private func exists(_ path: RawPath) throws -> Bool {
    try place.statusIfPresent(of: path) != nil
  }

  private func put(_ path: RawPath, _ text: String) throws {
    try place.open(path, [.write, .createNew]).write([UInt8](text.utf8), at: 0)
  }

  @Test func `a link in the place of a directory is replaced, not followed`() throws {
    try fixture.build([.directory("d", [.file("f", "content")])])
    let snapshot = try fixture.save()
    let outside = fixture.temporary.appending("outside")
    try place.makeDirectory(outside)
    try place.makeDirectory(fixture.target)
    try place.makeSymlink(fixture.target.appending("d"), target: outside)
    let report = try fixture.restore(snapshot) { $0.deletesExtra = true }
    #expect(report.problems == [])
    #expect(try !exists(outside.appending("f")))
    #expect(try fixture.differences() == [])
  }

  @Test func `a link in the place of a file is replaced, not followed`() throws {
    try fixture.build([.file("f", "content"), .fifo("p")])
    let snapshot = try fixture.save()
    let outside = fixture.temporary.appending("outside")
    try put(outside, "precious")
    try place.makeDirectory(fixture.target)
    try place.makeSymlink(fixture.target.appending("f"), target: outside)
    try place.makeSymlink(fixture.target.appending("p"), target: outside)
    _ = try fixture.restore(snapshot)
    #expect(try place.readFile(outside, byteCountMax: 100) == [UInt8]("precious".utf8))
    #expect(try fixture.differences() == [])
  }

  @Test func `a file that can't have its owner doesn't run as somebody else`() throws {
    try fixture.build([
      .file("foreign", "x", mode: 0o6755), .file("own", "x", mode: 0o4755),
    ])
    fixture.edit = { _, node in
      if node.name == [UInt8]("foreign".utf8) {
        (node.uid, node.gid) = (geteuid() + 1, getegid() + 1)
        (node.userName, node.groupName) = ([], [])
      }
    }
    let snapshot = try fixture.save()
    for _ in 0..<2 {
      let report = try fixture.restore(snapshot) { $0.restoresOwners = false }
      #expect(report.problems == [])
      #expect(try place.status(of: fixture.target.appending("foreign")).mode == 0o755)
      #expect(try place.status(of: fixture.target.appending("own")).mode == 0o4755)
    }
  }

  @Test(arguments: [false, true])
  func `a full directory in the place of a file goes only with delete`(deletes: Bool) throws {
    try fixture.build([.file("f", "content")])
    let snapshot = try fixture.save()
    try place.makeDirectory(fixture.target)
    try place.makeDirectory(fixture.target.appending("f"))
    try put(fixture.target.appending("f/precious"), "x")
    let report = try fixture.restore(snapshot) { $0.deletesExtra = deletes }
    #expect(report.problemCount == (deletes ? 0 : 1))
    #expect(!report.isDamaged)
    if deletes {
      #expect(try fixture.differences() == [])
    } else {
      #expect(try exists(fixture.target.appending("f/precious")))
    }
  }

  @Test func `an empty directory makes room for a file, and a file for a directory`() throws {
    try fixture.build([.file("f", "content"), .directory("d", [.file("g", "more")])])
    let snapshot = try fixture.save()
    try place.makeDirectory(fixture.target)
    try place.makeDirectory(fixture.target.appending("f"))
    try put(fixture.target.appending("d"), "x")
    let report = try fixture.restore(snapshot)
    #expect(report.problems == [])
    #expect(try fixture.differences() == [])
  }

  @Test func `extra entries go, links among them unfollowed`() throws {
    try fixture.build([.directory("d", [.file("f", "content")]), .file("z", "1")])
    let snapshot = try fixture.save()
    let outside = fixture.temporary.appending("outside")
    try place.makeDirectory(outside)
    try put(outside.appending("precious"), "x")
    _ = try fixture.restore(snapshot)
    try place.makeDirectory(fixture.target.appending("d/extra"))
    try put(fixture.target.appending("d/extra/file"), "x")
    try place.makeSymlink(fixture.target.appending("d/extra/link"), target: outside)
    try place.makeSymlink(fixture.target.appending("zz"), target: outside)
    let report = try fixture.restore(snapshot) { $0.deletesExtra = true }
    #expect(report.deleted == 4)
    #expect(try exists(outside.appending("precious")))
    #expect(try fixture.differences() == [])
  }

  @Test func `nothing is deleted beside the paths that were backed up`() throws {
    try fixture.build([.directory("home", [.directory("user", [.file("f", "content")])])])
    let snapshot = try fixture.write(paths: ["/home/user"]) { (saver) throws(CairnError) in
      try saver.directory(fixture.source, path: [])
    }.record
    _ = try fixture.restore(snapshot)
    for name in ["top", "home/beside", "home/user/extra"] {
      try put(fixture.target.appending(RawPath(name)), "x")
    }
    let report = try fixture.restore(snapshot) { $0.deletesExtra = true }
    #expect(report.deleted == 1)
    #expect(try exists(fixture.target.appending("top")))
    #expect(try exists(fixture.target.appending("home/beside")))
    #expect(try !exists(fixture.target.appending("home/user/extra")))
  }

  @Test(arguments: ["a/b", "..", ".", "", "/etc/passwd"])
  func `a tree with names that lead elsewhere is refused`(name: String) throws {
    let snapshot = try fixture.write { (saver) throws(CairnError) in
      var node = Node(name: [UInt8](name.utf8), type: .regular)
      node.content = try saver.save([1, 2, 3])
      node.size = 3
      var builder = DirectoryBuilder()
      try builder.append(node, to: saver.tree)
      return try builder.finish(saver.tree)
    }.record
    let report = try fixture.restore(snapshot)
    #expect(report.isDamaged)
    #expect(report.filesWritten == 0)
    #expect(try TreeDescription(of: fixture.target).entries.count == 1)
  }

  @Test func `extra names of a damaged directory are not deleted on its word`() throws {
    try fixture.build([.directory("d", [.file("f", "content")])])
    let snapshot = try fixture.save()
    _ = try fixture.restore(snapshot)
    for key in try fixture.packs(.tree) { try fixture.damage(key) }
    let report = try fixture.restore(snapshot) { $0.deletesExtra = true }
    #expect(report.isDamaged)
    #expect(report.deleted == 0)
    #expect(try exists(fixture.target.appending("d/f")))
  }

  @Test func `a stop is honoured`() throws {
    try fixture.build([.file("f", "content")])
    let snapshot = try fixture.save()
    let cancellation = Cancellation()
    cancellation.request()
    let error = #expect(throws: CairnError.self) {
      try Restore.run(
        snapshot: snapshot, RestoreOptions(target: fixture.target), in: fixture.repository,
        cancellation: cancellation)
    }
    #expect(error?.code == .interrupted)
  }
}
