import CairnCore
import CairnSystem
import CairnTesting
import Testing

struct FileTreeTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  /// Every kind with every sort of metadata.
  private let everything = FileTree([
    .file("plain", "text", mode: 0o4640, mtime: Timestamp(seconds: 1, nanoseconds: 999_999_999)),
    .file(RawPath([0xff, 0xfe, 0x0a]), bytes: [UInt8](repeating: 3, count: 70_001)),
    .directory(
      "deep",
      [
        .directory("er", [.hardLink("same", to: "plain")], mode: 0o1777),
        .symlink("link", to: "../plain", mtime: Timestamp(seconds: -9, nanoseconds: 1)),
      ], mode: 0o2750, mtime: Timestamp(seconds: 1_000_000_000)),
    .sparse("sparse", size: 10 << 20, [(1 << 20, [UInt8](repeating: 1, count: 4096))]),
    .fifo("fifo", mode: 0o620).owned(by: 7, 8),
    FileTree.Entry("socket", .socket),
    FileTree.Entry("null", .characterDevice(major: 1, minor: 3), mode: 0o666),
    FileTree.Entry("loop", .blockDevice(major: 7, minor: 0)),
    .file("attributes").with("user.note", [1, 2, 3]),
    .file("acl", attributes: [.accessACL(user: 77, permissions: 6)]),
  ])

  @Test func `two trees made alike have no differences but the times not given`() throws {
    let skipped = try everything.build(at: temporary.appending("a"))
    try everything.build(at: temporary.appending("b"))
    if !skipped.isEmpty { print("skipped here:", skipped) }
    let a = try TreeDescription(of: temporary.appending("a"), leavingOut: [.mtime])
    let b = try TreeDescription(of: temporary.appending("b"), leavingOut: [.mtime])
    #expect(a.differences(from: b) == [])
    #expect(a.entries.count >= 12)
    #expect(a.entries["deep/er/same"]?[.links] == "2 with deep/er/same")
    #expect(a.entries["plain"]?[.links] == "2 with deep/er/same")
    #expect(a.entries["deep"]?[.mode] == "2750")
    #expect(a.entries["sparse"]?[.data] == "1048576+4096")
    #expect(a.lines.count == a.entries.count)
  }

  @Test func `each kind of change shows as a difference of its own`() throws {
    let first = temporary.appending("a")
    let second = temporary.appending("b")
    try FileTree([.file("f", "one", mode: 0o600), .file("gone"), .symlink("l", to: "x")])
      .build(at: first)
    try FileTree([.file("f", "two", mode: 0o640), .file("new"), .symlink("l", to: "y")])
      .build(at: second)
    let differences = try TreeDescription(of: first, leavingOut: [.mtime])
      .differences(from: TreeDescription(of: second, leavingOut: [.mtime]))
    #expect(differences.count == 5)
    #expect(differences.contains("f: mode 600 ≠ 640"))
    #expect(differences.contains { $0.hasPrefix("f: content") })
    #expect(differences.contains("gone: only in the first"))
    #expect(differences.contains("new: only in the second"))
    #expect(differences.contains("l: target x ≠ y"))
  }

  @Test func `a temporary directory is gone with its last user`() throws {
    var directory: TemporaryDirectory? = try TemporaryDirectory()
    let path = try #require(directory?.path)
    try FileTree([.directory("closed", [.file("f")], mode: 0o000)])
      .build(at: path.appending("tree"))
    directory = nil
    #expect(try DirectoryHandle.working.statusIfPresent(of: path) == nil)
  }
}
