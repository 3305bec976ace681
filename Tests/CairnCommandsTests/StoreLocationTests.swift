import CairnCore
import Testing

@testable import CairnCommands

struct StoreLocationTests {
  @Test(arguments: [
    ("/a/b", "/a/b"), ("relative", "relative"), ("file:///a/b", "/a/b"),
    ("FILE:///a%20b", "/a b"), ("file://localhost/a", "/a"), ("a:b", "a:b"),
  ])
  func `paths and file URLs are directories`(text: String, path: String) throws {
    #expect(try StoreLocation(text) == .directory(path))
  }

  @Test(arguments: ["", "sftp://host/x", "s3://bucket", "ftp://x", "file://host/a", "file:///%zz"])
  func `other places are usage errors`(text: String) throws {
    let error = try #require(throws: CairnError.self) { try StoreLocation(text) }
    #expect(error.code == .usage)
  }

  @Test func `a snapshot and a path are taken apart`() throws {
    let whole = try #require(SnapshotPath(argument: "latest~2"))
    #expect(whole.snapshot == "latest~2")
    #expect(whole.path == nil)
    let part = try #require(SnapshotPath(argument: "abc:/home//a:b/"))
    #expect(part.snapshot == "abc")
    #expect(part.path == [Array("home".utf8), Array("a:b".utf8)])
    #expect(SnapshotPath(argument: "abc:/")?.path == nil)
    #expect(SnapshotPath(argument: ":x") == nil)
  }

  @Test func `pattern files skip comments and empty lines`() {
    let text = Array("*.o\n\n# comment\n\\#kept\r\nlast".utf8)
    #expect(
      ExclusionGroup.patterns(inFile: text).map { String(decoding: $0, as: UTF8.self) }
        == ["*.o", "\\#kept", "last"])
  }
}
