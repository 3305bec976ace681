import Testing

struct DocumentTests {
  static let documents =
    ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].compactMap(Checkout.file(at:))
    + ["docs", "Benchmarks"].flatMap { Checkout.files(under: $0, extensions: ["md"]) }

  @Test func `links in the documents point somewhere`() {
    for file in Self.documents {
      for (line, link) in file.relativeLinks {
        guard let problem = Self.problem(with: link, in: file) else { continue }
        Finding(path: file.path, line: line, advice: problem).record()
      }
    }
  }

  @Test func `documents that the documents name exist`() {
    for file in Self.documents {
      for (index, line) in file.lines.enumerated() {
        for match in line.matches(of: /\bdocs\/[\w\/-]+\.md\b/)
        where !Checkout.exists(String(match.0)) {
          let advice = "names \(match.0), which does not exist: write it or name another"
          Finding(path: file.path, line: index + 1, advice: advice).record()
        }
      }
    }
  }

  @Test func `relative links are found and others left alone`() {
    let text = """
      See [the format](format.md#packs) and ![a picture](images/a.png "title").
      Not [the web](https://example.org) nor `[code](nowhere.md)`.
      ```
      [neither](this.md)
      ```
      [own heading](#own-heading)
      """
    let links = SourceFile(path: "docs/A.md", text: text).relativeLinks
    #expect(links.map(\.link) == ["format.md#packs", "images/a.png", "#own-heading"])
    #expect(links.map(\.line) == [1, 1, 6])
  }

  @Test func `headings become anchors as the web shows them`() {
    let text = "# Two-phase `prune`, explained\n## Why?\n```\n# no heading\n```\n"
    let anchors = SourceFile(path: "A.md", text: text).anchors
    #expect(anchors == ["two-phase-prune-explained", "why"])
  }

  /// What is wrong with a relative link, or nil.
  private static func problem(with link: String, in file: SourceFile) -> String? {
    let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
    let path: String =
      if parts[0].isEmpty {
        file.path
      } else if parts[0].hasPrefix("/") {
        String(parts[0].dropFirst())
      } else {
        folder.isEmpty ? String(parts[0]) : folder + "/" + parts[0]
      }
    guard Checkout.exists(path) else {
      return "links to \(link), which does not exist: correct the path or drop the link"
    }
    guard parts.count == 2, path.hasSuffix(".md"), let target = Checkout.file(at: path),
      !target.anchors.contains(String(parts[1]))
    else { return nil }
    return "links to \(link), but \(path) has no such heading: correct the anchor"
  }
}

extension SourceFile {
  /// Lines outside fenced code blocks, numbered from 1.
  private var prose: [(number: Int, text: Substring)] {
    var isFenced = false
    return lines.enumerated().compactMap { index, line in
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isFenced.toggle()
        return nil
      }
      return isFenced ? nil : (index + 1, line)
    }
  }

  /// Targets of Markdown links that stay within the checkout.
  var relativeLinks: [(line: Int, link: String)] {
    prose.flatMap { number, text in
      text.replacing(/`[^`]*`/, with: "").matches(of: /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/)
        .map { (line: number, link: String($0.1)) }
        .filter { !$0.link.contains(/^[A-Za-z][A-Za-z0-9+.-]*:/) }
    }
  }

  /// The anchors of the headings: lower case, punctuation dropped, spaces turned into hyphens.
  var anchors: [String] {
    prose.compactMap { _, text in
      guard let match = text.firstMatch(of: /^#{1,6}\s+(.*?)\s*#*\s*$/) else { return nil }
      return String(
        match.1.lowercased().compactMap { character -> Character? in
          if character == " " { return "-" }
          let stays = character.isLetter || character.isNumber || "-_".contains(character)
          return stays ? character : nil
        })
    }
  }
}
