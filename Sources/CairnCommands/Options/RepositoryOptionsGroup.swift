import ArgumentParser
import CairnCore
import CairnCrypto
import CairnObjectStore
import CairnRepository

/// The options that say which repository a command works on. The one place where repositories are
/// opened.
struct RepositoryOptionsGroup: ParsableArguments {
  @Option(
    name: [.customLong("repo"), .customShort("r")],
    help: ArgumentHelp("Where the repository is: a path or file:///path.", valueName: "repository"))
  var repository: String?

  @Option(help: ArgumentHelp("File whose content is the password.", valueName: "file"))
  var passwordFile: RawText?

  @Option(help: ArgumentHelp("Shell command that prints the password.", valueName: "command"))
  var passwordCommand: String?

  @Option(
    help: ArgumentHelp("File that is the key: all of its bytes count.", valueName: "file"))
  var keyFile: RawText?

  @Option(help: ArgumentHelp("Folder for caches; safe to delete.", valueName: "folder"))
  var cacheDir: String?

  func settings(
    environment: ProcessEnvironment = .current
  ) throws(CairnError) -> RepositorySettings {
    let flags = RepositorySettings.Flags(
      repository: repository, passwordFile: passwordFile?.path,
      passwordCommand: passwordCommand, keyFile: keyFile?.path, cacheDirectory: cacheDir)
    return try RepositorySettings(
      flags: flags, environment: environment, file: try ConfigurationFile.load(environment))
  }

  /// The store that the settings name. `noRepository` when they name none.
  static func store(of settings: RepositorySettings) throws(CairnError) -> any ObjectStore {
    guard let text = settings.repository else {
      throw CairnError(
        .noRepository,
        "no repository is named: give --repo or set CAIRN_REPOSITORY; cairn backup makes one")
    }
    return try StoreLocation(text).makeStore()
  }

  /// Opens the repository for `operation` and warns of parts of it that can't be read.
  func open(for operation: Operation) throws(CairnError) -> Repository {
    try RepositoryOptionsGroup.open(try settings(), for: operation)
  }

  static func open(
    _ settings: RepositorySettings, for operation: Operation
  ) throws(CairnError) -> Repository {
    let store = try store(of: settings)
    // Asking for a password only to say that there is nothing would be rude.
    try requirePresence(of: store)
    let password = try settings.password.read()
    try operation.begin()
    let repository = try Repository.open(
      store, password: password, cacheRoot: settings.cacheDirectory, progress: operation.progress)
    for damage in repository.segmentDamage { operation.warn(damage.message) }
    return repository
  }

  private static func requirePresence(of store: any ObjectStore) throws(CairnError) {
    do throws(CairnError) {
      _ = try store.byteCount(of: .config)
    } catch  where error.code == .notFound {
      // Something else of a repository may be there: opening it tells.
      let hasKeys = try holds(.keys, store)
      let hasSnapshots = try holds(.snapshots, store)
      if hasKeys || hasSnapshots { return }
      throw CairnError(
        .noRepository, "no repository at \(store.location) (cairn init makes one)")
    }
  }

  /// A store that isn't there at all holds nothing.
  private static func holds(
    _ kind: ObjectKind, _ store: any ObjectStore
  ) throws(CairnError) -> Bool {
    do throws(CairnError) {
      return try !store.list(kind).isEmpty
    } catch  where error.code == .notFound {
      return false
    }
  }
}
