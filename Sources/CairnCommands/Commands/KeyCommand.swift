import ArgumentParser

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Manage the passwords of a repository.",
    discussion: """
      Each password has a slot of its own; any of them opens the repository. Taking one away \
      revokes nothing from somebody who has had the repository open with it.
      """,
    subcommands: [
      KeyAddCommand.self, KeyListCommand.self, KeyRemoveCommand.self, KeyPasswdCommand.self,
    ])
}

/// What the commands that add or replace a password have in common.
struct NewPasswordGroup: ParsableArguments {
  @Option(help: ArgumentHelp("File whose content is the new password.", valueName: "file"))
  var newPasswordFile: RawText?

  @Option(help: ArgumentHelp("File that is the new key: all bytes count.", valueName: "file"))
  var newKeyFile: RawText?

  @Option(help: ArgumentHelp("What the slot is called in lists.", valueName: "text"))
  var label: String?

  @Flag(help: "Make guessing the password costlier: 256 MiB of memory for each attempt.")
  var strongKey = false

  mutating func validate() throws {
    if newPasswordFile != nil && newKeyFile != nil {
      throw ValidationError("--new-password-file and --new-key-file exclude each other")
    }
  }

  var source: PasswordSource {
    if let file = newPasswordFile { return .file(file.path) }
    if let file = newKeyFile { return .keyFile(file.path) }
    return .terminal
  }
}
