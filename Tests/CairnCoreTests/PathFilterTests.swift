import CairnCore
import Testing

/// Patterns decide as a reader of gitignore expects.
struct PathFilterTests {
  private func isExcluded(_ path: String, by patterns: String..., directory: Bool = false) -> Bool {
    PathFilter(excludes: patterns).excludes([UInt8](path.utf8), isDirectory: directory)
  }

  @Test func `an empty filter excludes nothing`() {
    #expect(PathFilter().isEmpty)
    #expect(PathFilter(excludes: [""]).isEmpty)
    #expect(!isExcluded("/any/thing"))
  }

  @Test func `a pattern without a slash matches any component`() {
    #expect(isExcluded("/home/a/x.o", by: "*.o"))
    #expect(isExcluded("/home/cache/deep/file", by: "cache"))
    #expect(!isExcluded("/home/caches/file", by: "cache"))
    #expect(!isExcluded("/home/x.oo", by: "*.o"))
  }

  @Test func `a leading slash anchors at the root`() {
    #expect(isExcluded("/tmp", by: "/tmp", directory: true))
    #expect(isExcluded("/tmp/file", by: "/tmp"))
    #expect(!isExcluded("/var/tmp", by: "/tmp"))
    #expect(isExcluded("/home/a/cache", by: "/home/*/cache"))
    #expect(!isExcluded("/home/a/b/cache", by: "/home/*/cache"))
  }

  @Test func `an inner slash matches any trailing run of components`() {
    #expect(isExcluded("/a/b/target/debug", by: "target/debug"))
    #expect(isExcluded("/a/b/target/debug/x", by: "target/debug"))
    #expect(!isExcluded("/a/b/target/release", by: "target/debug"))
  }

  @Test func `a trailing slash matches directories only`() {
    #expect(isExcluded("/a/build", by: "build/", directory: true))
    #expect(!isExcluded("/a/build", by: "build/"))
    #expect(isExcluded("/a/build/x", by: "build/"))
  }

  @Test func `two stars stand for any number of components`() {
    #expect(isExcluded("/home/cache", by: "/home/**/cache"))
    #expect(isExcluded("/home/a/b/cache", by: "/home/**/cache"))
    #expect(!isExcluded("/var/a/cache", by: "/home/**/cache"))
    #expect(isExcluded("/home/a", by: "/home/**"))
    #expect(!isExcluded("/home", by: "/home/**", directory: true))
    #expect(isExcluded("/a/x/b/y/x/c", by: "/a/**/x/**/c"))
  }

  @Test func `an exclamation mark takes back an earlier pattern`() {
    #expect(!isExcluded("/a/keep.log", by: "*.log", "!keep.log"))
    #expect(isExcluded("/a/other.log", by: "*.log", "!keep.log"))
    #expect(isExcluded("/a/keep.log", by: "!keep.log", "*.log"))
  }

  @Test func `nothing comes back from below an excluded directory`() {
    #expect(isExcluded("/a/skip/keep.log", by: "skip/", "!keep.log"))
  }

  @Test func `classes and escapes are understood`() {
    #expect(isExcluded("/b", by: "[a-c]"))
    #expect(!isExcluded("/d", by: "[a-c]"))
    #expect(isExcluded("/d", by: "[!a-c]"))
    #expect(isExcluded("/]", by: "[]]"))
    #expect(isExcluded("/[x", by: "[x"))
    #expect(isExcluded("/*", by: "\\*"))
    #expect(!isExcluded("/a", by: "\\*"))
    #expect(isExcluded("/!a", by: "\\!a"))
    #expect(isExcluded("/a\\", by: "a\\"))
  }

  @Test func `a question mark takes one character, or one byte that is none`() {
    #expect(isExcluded("/é", by: "?"))
    #expect(isExcluded("/é", by: "[à-ü]"))
    #expect(!isExcluded("/éa", by: "?"))
    let filter = PathFilter(excludes: ["a?c"])
    #expect(filter.excludes([0x2f, 0x61, 0xff, 0x63], isDirectory: false))
  }

  @Test func `many stars do not take exponential time`() {
    let name = String(repeating: "a", count: 200)
    let pattern = String(repeating: "*a", count: 60) + "b"
    #expect(!isExcluded("/" + name, by: pattern))
    let path = String(repeating: "/a", count: 200)
    #expect(!isExcluded(path, by: String(repeating: "/**/a", count: 60) + "/b"))
  }

  @Test func `includes exclude everything else but the way there`() {
    let filter = PathFilter(includes: ["/home/*/docs"])
    func excludes(_ path: String, directory: Bool) -> Bool {
      filter.excludes([UInt8](path.utf8), isDirectory: directory)
    }
    #expect(!excludes("/", directory: true))
    #expect(!excludes("/home", directory: true))
    #expect(!excludes("/home/ann", directory: true))
    #expect(!excludes("/home/ann/docs", directory: true))
    #expect(!excludes("/home/ann/docs/deep/file", directory: false))
    #expect(excludes("/home/ann/other", directory: true))
    #expect(excludes("/home/ann", directory: false))
    #expect(excludes("/var", directory: true))
    #expect(filter.mayContainIncluded(directory: [UInt8]("/home".utf8)))
    #expect(!filter.mayContainIncluded(directory: [UInt8]("/var".utf8)))
  }

  @Test func `an include without an anchor may lie anywhere`() {
    let filter = PathFilter(includes: ["*.txt"])
    #expect(!filter.excludes([UInt8]("/a/b".utf8), isDirectory: true))
    #expect(filter.excludes([UInt8]("/a/b".utf8), isDirectory: false))
    #expect(!filter.excludes([UInt8]("/a/b.txt".utf8), isDirectory: false))
  }

  @Test func `an exclude wins over an include`() {
    let filter = PathFilter(excludes: ["*.tmp"], includes: ["/a"])
    #expect(filter.excludes([UInt8]("/a/x.tmp".utf8), isDirectory: false))
    #expect(!filter.excludes([UInt8]("/a/x".utf8), isDirectory: false))
  }
}
