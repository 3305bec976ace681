/// Lets options stand before the command, as in `cairn --repo URL snapshots`: moves them behind it,
/// where the parser looks for them.
enum ArgumentOrder {
  /// Options that every command has and that take a value.
  private static let valued: Set<String> = [
    "--repo", "-r", "--password-file", "--password-command", "--key-file", "--cache-dir",
  ]
  private static let flags: Set<String> = ["--json", "--quiet", "-q", "--verbose", "-v"]
  /// Commands that have commands of their own.
  private static let groups: Set<String> = ["key", "help"]

  static func commandFirst(_ arguments: [String]) -> [String] {
    var command: [String] = []
    var options: [String] = []
    var rest = arguments[...]
    while let argument = rest.first {
      if valued.contains(argument), rest.count > 1 {
        options += rest.prefix(2)
        rest = rest.dropFirst(2)
      } else if flags.contains(argument) || isJoined(argument) {
        options.append(argument)
        rest = rest.dropFirst()
      } else if argument.hasPrefix("-") {
        break
      } else {
        command.append(argument)
        rest = rest.dropFirst()
        if !groups.contains(argument) { break }
      }
    }
    // Without a command there is nothing to move behind.
    return command.isEmpty ? arguments : command + options + rest
  }

  /// `--repo=URL`
  private static func isJoined(_ argument: String) -> Bool {
    guard argument.hasPrefix("--"), let end = argument.firstIndex(of: "=") else { return false }
    return valued.contains(String(argument[..<end]))
  }
}
