import Testing

struct FileTests {
  static let lineCountMax = 450

  @Test func `no Swift file is without a declaration`() {
    let sources = Checkout.sources.filter(\.isSwift)
    for file in sources where !file.declaresSomething && !file.path.hasSuffix("/main.swift") {
      // A target needs one file to be a target, so an only file may still be empty.
      guard sources.count(where: { $0.target == file.target }) > 1 else { continue }
      Finding(path: file.path, line: 1, advice: "declares nothing: delete the file").record()
    }
  }

  @Test func `no file is longer than a reader can hold`() {
    let folders = ["Sources", "Tests", "Benchmarks", "scripts"]
    let files = folders.flatMap {
      Checkout.files(under: $0, extensions: ["swift", "c", "h", "py", "sh", "bash"])
    }
    for file in files where file.lines.count > Self.lineCountMax {
      let advice =
        "\(file.lines.count) lines, at most \(Self.lineCountMax): move one aspect into a file "
        + "of its own, Type+Aspect.swift"
      Finding(path: file.path, line: Self.lineCountMax + 1, advice: advice).record()
    }
  }

  @Test(arguments: ["struct A {}", "package let a = 1", "extension A {", "  func b()"])
  func `a declaration is seen`(line: String) {
    #expect(SourceFile(path: "A.swift", text: line).declaresSomething)
  }

  @Test(arguments: ["", "// struct A", "import CairnCore", "/// A func of nothing"])
  func `a file without a declaration is seen`(text: String) {
    #expect(!SourceFile(path: "A.swift", text: text).declaresSomething)
  }
}

extension SourceFile {
  var declaresSomething: Bool {
    code.contains {
      $0.text.contains(
        /\b(?:struct|class|enum|protocol|extension|actor|func|let|var|typealias|macro)\s/)
    }
  }
}
