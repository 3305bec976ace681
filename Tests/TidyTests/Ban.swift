import Testing

/// Something that may not be written, where, and what to write instead.
struct Ban: Sendable, CustomTestStringConvertible {
  let name: String
  /// True for a line (comments removed, unless `looksIntoComments`) that breaks the rule.
  let matches: @Sendable (Substring) -> Bool
  let applies: @Sendable (SourceFile) -> Bool
  var looksIntoComments = false
  let instead: String

  var testDescription: String { name }

  func findings(in file: SourceFile) -> [Finding] {
    guard applies(file) else { return [] }
    let lines =
      looksIntoComments
      ? file.lines.enumerated().map { (number: $0.offset + 1, text: $0.element) } : file.code
    return lines.filter { matches($0.text) }.map {
      Finding(path: file.path, line: $0.number, advice: "\(name): \(instead)")
    }
  }

  static let all: [Ban] = [
    Ban(
      name: "Foundation in the engine",
      matches: { line in
        Layering.importedModule(in: line).map { $0.hasPrefix("Foundation") } ?? false
      },
      // JSON is FoundationEssentials' (1 ms of start-up), through one door: JSONRecord.
      applies: {
        $0.isSwift && Layering.isEngine($0.target)
          && $0.path != "Sources/CairnFormat/JSONRecord.swift"
      },
      instead: "use Glibc, CairnSystem or Synchronization; Foundation costs start-up time"),
    Ban(
      name: "try? in sources",
      matches: { $0.contains(/\btry\?/) },
      applies: { $0.isSwift },
      instead: "use do/catch and handle or report the error; nothing is dropped silently"),
    Ban(
      name: "empty catch",
      matches: { $0.contains(/\bcatch\b[^{]*\{\s*\}/) },
      applies: { $0.isSwift },
      instead: "handle the error or put it into the operation's report"),
    Ban(
      name: "fatalError in sources",
      matches: { $0.contains("fatalError(") },
      applies: { $0.isSwift },
      instead: "throw a CairnError for what a user or disk can cause, "
        + "else preconditionFailure with the reason"),
    Ban(
      name: "marker of unfinished work",
      // Spelled in pieces, or this file would accuse itself.
      matches: { line in
        ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].contains { word in
          line.ranges(of: word).contains { range in
            let before = line[..<range.lowerBound].last
            let after = line[range.upperBound...].first
            return !isWordCharacter(before) && !isWordCharacter(after)
          }
        }
      },
      applies: { _ in true },
      looksIntoComments: true,
      instead: "finish it, or say in an issue what is left"),
    Ban(
      name: "print below the commands",
      matches: { $0.contains(/(?:^|[^.\w])(?:debugPrint|print)\(/) },
      applies: { $0.isSwift && $0.target != "CairnCommands" && $0.target != "cairn" },
      instead: "return a value or report progress; only CairnCommands writes to the terminal"),
    Ban(
      name: "task in the engine",
      matches: { $0.contains(/\bTask(?:\s*(?:\([^)]*\))?\s*\{|\.detached\b)/) },
      applies: { $0.isSwift && Layering.isEngine($0.target) },
      instead: "use CairnSystem's threads; blocking work never runs on the cooperative pool"),
  ]

  private static func isWordCharacter(_ character: Character?) -> Bool {
    guard let character else { return false }
    return character.isLetter || character.isNumber || character == "_"
  }
}
