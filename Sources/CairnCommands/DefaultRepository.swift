import CairnCore
import CairnCrypto
import CairnRepository
import CairnSystem

/// The repository that the first backup makes when none is configured: in the data folder of the
/// user, with a random password in the configuration folder.
///
/// The order is such that being stopped anywhere leaves something the next run completes: the
/// password file, the repository, and last the configuration file that names both.
struct DefaultRepository {
  let repository: String
  let passwordFile: String
  let configurationFile: String

  init(_ environment: ProcessEnvironment) throws(CairnError) {
    guard let data = environment.dataFolder, let configuration = environment.configurationFolder
    else {
      throw CairnError(
        .noRepository, "no repository is named, and HOME is not set: give --repo")
    }
    repository = data + "/repository"
    passwordFile = configuration + "/password"
    configurationFile = configuration + "/config"
  }

  /// What the user must know of it.
  var announcement: [String] {
    [
      "No repository was configured, so cairn made one.",
      "  repository  \(repository)",
      "  key         \(passwordFile)",
      "  settings    \(configurationFile)",
      "Without the key file this backup is unreadable: copy it to another place, now.",
      "It lies on this machine; for a backup that survives the loss of the disk, use --repo with"
        + " a place elsewhere.",
    ]
  }

  func create() throws(CairnError) {
    let folder = DirectoryHandle.working
    try folder.makeDirectories(RawPath(passwordFile).parent)
    let hasPassword = try folder.statusIfPresent(of: RawPath(passwordFile)) != nil
    let hasRepository = try folder.statusIfPresent(of: RawPath(repository + "/config")) != nil
    if hasRepository && !hasPassword {
      throw CairnError(
        .failed,
        "there is a repository at \(repository), but its key file \(passwordFile) is missing: put"
          + " it back, or give --repo and a password")
    }
    if !hasPassword { try writePassword() }
    if !hasRepository {
      var options = RepositoryOptions()
      options.label = "made by the first backup on \(try SystemInformation.hostname())"
      _ = try NewRepository.create(
        at: .directory(repository), password: try PasswordSource.file(RawPath(passwordFile)).read(),
        options: options)
    }
    try writeConfiguration()
  }

  /// 32 random bytes in hexadecimal. An existing file stays.
  private func writePassword() throws(CairnError) {
    var password = Array(Hex.encode(try SystemRandom.bytes(32)).utf8) + [UInt8(ascii: "\n")]
    defer { PasswordSource.wipe(&password) }
    try DirectoryHandle.working.writeFile(
      RawPath(passwordFile), password, mode: 0o600, replacing: false)
  }

  /// Adds to what the user has written there.
  private func writeConfiguration() throws(CairnError) {
    var text: [UInt8] = []
    do throws(CairnError) {
      text = try DirectoryHandle.working.readFile(
        RawPath(configurationFile), byteCountMax: ConfigurationFile.byteCountMax,
        followingLink: true)
      if text.last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
    } catch  where error.code == .notFound {
      text = Array("# Settings of cairn; see cairn --help.\n".utf8)
    }
    text += Array("repository = \(repository)\npassword-file = \(passwordFile)\n".utf8)
    try DirectoryHandle.working.writeFile(
      RawPath(configurationFile), text, mode: 0o600, replacing: true)
  }
}
