import Foundation
import Testing

/// The checkout that these tests were compiled from, found through this file's own path.
enum Checkout {
  static let root = URL(filePath: #filePath, directoryHint: .notDirectory)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Text files below a folder whose names end in one of `extensions`, sorted by path. Hidden
  /// files and folders are left out, so build products are too. A folder that is not there has
  /// none.
  static func files(under folder: String, extensions: Set<String>) -> [SourceFile] {
    let keys: [URLResourceKey] = [.isRegularFileKey]
    guard
      let enumerator = FileManager.default.enumerator(
        at: root.appending(path: folder), includingPropertiesForKeys: keys,
        options: [.skipsHiddenFiles])
    else { return [] }
    return enumerator.compactMap { $0 as? URL }
      .filter { extensions.contains($0.pathExtension) }
      .sorted { $0.path() < $1.path() }
      .compactMap { file(at: String($0.path(percentEncoded: false).dropFirst(root.path().count))) }
  }

  /// One file by its path below the root, or nil when it is not there or not UTF-8.
  static func file(at path: String) -> SourceFile? {
    guard let bytes = FileManager.default.contents(atPath: root.appending(path: path).path()),
      let text = String(data: bytes, encoding: .utf8)
    else { return nil }
    return SourceFile(path: path, text: text)
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).standardized.path())
  }

  /// Everything that the engine is compiled from.
  static let sources = files(under: "Sources", extensions: ["swift", "c", "h"])
}

/// A text file with its lines, as the rules see it.
struct SourceFile: Sendable {
  /// Relative to the checkout.
  let path: String
  let lines: [Substring]

  init(path: String, text: String) {
    self.path = path
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // The newline that ends the file starts no line.
    if lines.last == "" { lines.removeLast() }
    self.lines = lines
  }

  var isSwift: Bool { path.hasSuffix(".swift") }

  /// The target that a file below `Sources` belongs to.
  var target: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : ""
  }

  /// Lines with their numbers from 1, without what follows `//`. A `//` inside a string literal
  /// cuts that line short too: a rule may overlook something there but never accuse wrongly.
  var code: [(number: Int, text: Substring)] {
    lines.enumerated().map { index, line in
      (index + 1, line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line)
    }
  }
}

/// One violation: where it is and what to do instead.
struct Finding: Equatable {
  let path: String
  let line: Int
  let advice: String

  func record() {
    Issue.record("\(path):\(line): \(advice)")
  }
}
