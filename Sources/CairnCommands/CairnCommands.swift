import ArgumentParser

/// `cairn`: the root of the command line.
struct CairnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cairn",
    abstract: "Encrypted, deduplicated, compressed backups.",
    usage: "cairn [--repo REPOSITORY] COMMAND [OPTIONS]",
    discussion: """
      REPOSITORY is a path or file:///path. Without --repo it is taken from CAIRN_REPOSITORY, \
      then from the configuration file ($XDG_CONFIG_HOME/cairn/config, or \
      ~/.config/cairn/config), whose lines read `key = value` with the keys repository, \
      password-file, password-command and cache-dir. The first backup without any of them makes \
      a repository of its own and says where.

      The password comes from --password-file, --password-command or --key-file; else from \
      CAIRN_PASSWORD, CAIRN_PASSWORD_FILE or CAIRN_PASSWORD_COMMAND; else from the configuration \
      file; else it is asked for.

      Exit status: 0 done, 1 failed, 2 usage, 3 done but some sources could not be read, 10 no \
      repository, 11 busy, 12 wrong password, 13 damage found, 130 interrupted.
      """,
    version: Version.text,
    subcommands: all)

  /// Every command, in the order of the help.
  static let all: [any ParsableCommand.Type] = [
    InitCommand.self, BackupCommand.self, SnapshotsCommand.self, LsCommand.self,
    FindCommand.self, RestoreCommand.self, DumpCommand.self, DiffCommand.self,
    VerifyCommand.self, ForgetCommand.self, PruneCommand.self, StatsCommand.self, KeyCommand.self,
    VersionCommand.self,
  ]
}
