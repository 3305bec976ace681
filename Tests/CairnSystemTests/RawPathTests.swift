import CairnSystem
import Testing

struct RawPathTests {
  @Test func `text in UTF-8 is shown as it is and other bytes are escaped`() {
    #expect(RawPath("naïve/日本").displayText == "naïve/日本")
    #expect(RawPath([0x61, 0xff, 0x62]).displayText == "a\\xffb")
    #expect(RawPath([0xc3]).displayText == "\\xc3")
    #expect(RawPath([0x0a, 0x1b]).displayText == "\\x0a\\x1b")
    #expect(RawPath([0xc2, 0x9b]).displayText == "\\xc2\\x9b")
  }

  @Test func `a name that could lead elsewhere is no entry name`() {
    #expect(RawPath("a").isEntryName)
    #expect(RawPath("...").isEntryName)
    for bad in ["", ".", "..", "a/b", "/"] { #expect(!RawPath(bad).isEntryName) }
    #expect(RawPath(validating: [0x61, 0]) == nil)
  }

  @Test func `parent and last component split a path`() {
    #expect(RawPath("/a/b").parent == "/a")
    #expect(RawPath("/a").parent == "/")
    #expect(RawPath("a").parent == ".")
    #expect(RawPath("a//b//").parent == "a")
    #expect(RawPath("/").parent == "/")
    #expect(RawPath("a//b//").lastComponent == "b")
    #expect(RawPath("/a").appending("b") == "/a/b")
    #expect(RawPath("/").appending("b") == "/b")
  }

  @Test func `paths compare by bytes`() {
    #expect(RawPath([0x7f]) < RawPath([0x80]))
    #expect(RawPath("a") < RawPath("a!"))
    #expect(!(RawPath("b") < RawPath("a")))
  }
}
