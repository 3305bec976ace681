import CairnCore
import CairnSystem

/// Where the repository lies, where its password comes from, and where caches go: flags win over
/// the environment, the environment over the configuration file.
struct RepositorySettings: Hashable, Sendable {
  /// `nil` when nothing names one.
  var repository: String?
  var password: PasswordSource
  var cacheDirectory: String

  /// What the command line says.
  struct Flags: Hashable, Sendable {
    var repository: String?
    var passwordFile: RawPath?
    var passwordCommand: String?
    var keyFile: RawPath?
    var cacheDirectory: String?
  }

  init(
    flags: Flags, environment: ProcessEnvironment, file: ConfigurationFile
  ) throws(CairnError) {
    repository = flags.repository ?? environment["CAIRN_REPOSITORY"] ?? file.repository
    let isOfFile = file.repository == nil || repository == file.repository
    password =
      try RepositorySettings.source(flags)
      ?? RepositorySettings.source(environment)
      ?? (isOfFile ? RepositorySettings.source(file) : nil)
      ?? .terminal
    let cache =
      flags.cacheDirectory ?? environment["CAIRN_CACHE_DIR"] ?? file.cacheDirectory
      ?? environment.cacheFolder
    guard let cache else {
      throw CairnError(
        .usage, "neither HOME nor XDG_CACHE_HOME is set: give --cache-dir or CAIRN_CACHE_DIR")
    }
    cacheDirectory = cache
  }

  private static func source(_ flags: Flags) throws(CairnError) -> PasswordSource? {
    let given: [PasswordSource] = [
      flags.passwordFile.map { .file($0) }, flags.passwordCommand.map { .command($0) },
      flags.keyFile.map { .keyFile($0) },
    ].compactMap { $0 }
    guard given.count <= 1 else {
      throw CairnError(
        .usage, "--password-file, --password-command and --key-file exclude one another")
    }
    return given.first
  }

  private static func source(_ environment: ProcessEnvironment) -> PasswordSource? {
    if environment["CAIRN_PASSWORD"] != nil { return .environment("CAIRN_PASSWORD") }
    if let path = environment["CAIRN_PASSWORD_FILE"] { return .file(RawPath(path)) }
    return environment["CAIRN_PASSWORD_COMMAND"].map { .command($0) }
  }

  private static func source(_ file: ConfigurationFile) -> PasswordSource? {
    if let path = file.passwordFile { return .file(RawPath(path)) }
    return file.passwordCommand.map { .command($0) }
  }
}
