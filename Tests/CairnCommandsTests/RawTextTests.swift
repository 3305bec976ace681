import CairnSystem
import Testing

@testable import CairnCommands

struct RawTextTests {
  private func roundTrip(_ bytes: [UInt8]) -> [UInt8] {
    RawText.decode(bytes.withUnsafeBytes { RawText.encode($0) })
  }

  @Test(
    arguments: [
      [], [0x61], Array("grün/日本/😀".utf8), [0xff, 0xfe], [0x61, 0xc3], [0xc3, 0x28],
      [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0x80, 0x61, 0xbf], Array("e\u{301}\r\n".utf8),
    ] as [[UInt8]])
  func `bytes come back as they were`(bytes: [UInt8]) {
    #expect(roundTrip(bytes) == bytes)
  }

  @Test func `every pair of bytes comes back as it was`() {
    for a in UInt8.min...UInt8.max {
      for b in UInt8.min...UInt8.max where roundTrip([a, b]) != [a, b] {
        Issue.record("\(a) \(b)")
      }
    }
  }

  @Test func `characters of the private range are not mistaken for bytes`() {
    for scalar in [0x10fe00, 0x10fe41, 0x10feff, 0x10fdff, 0x10ff00] as [UInt32] {
      let bytes = Array(String(Unicode.Scalar(scalar)!).utf8)
      #expect(roundTrip(bytes) == bytes)
    }
  }

  @Test func `an argument that isn't UTF-8 becomes the path it names`() throws {
    let bytes: [UInt8] = Array("/tmp/".utf8) + [0xff]
    let argument = bytes.withUnsafeBytes { RawText.encode($0) }
    let text = try #require(RawText(argument: argument))
    #expect(text.path == RawPath(bytes))
    #expect(RawText.displayText("no \(argument)\nline") == "no /tmp/\\xff\nline")
  }

  @Test(arguments: [
    ("a", "/w/a"), (".", "/w"), ("./a//b/", "/w/a/b"), ("../x", "/x"), ("/a/../b", "/b"),
    ("/", "/"), ("/..", "/"), ("../../..", "/"),
  ])
  func `relative paths lie in the working directory`(text: String, expected: String) {
    let path = RawText(Array(text.utf8)).absolutePath(workingDirectory: "/w")
    #expect(path == RawPath(expected))
  }
}
