import ArgumentParser
import CairnCore
import CairnCrypto
import CairnFormat
import CairnObjectStore
import CairnRepository
import CairnSystem

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a new repository.",
    discussion: """
      The password can't be recovered: without it (or another one added with cairn key add) the \
      repository is unreadable.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  @Flag(help: "Make guessing the password costlier: 256 MiB of memory for each attempt.")
  var strongKey = false

  @Option(
    help: ArgumentHelp(
      "Average length of a chunk, a power of two (default 64KiB).", valueName: "size"))
  var chunkSize: String?

  @Option(help: ArgumentHelp("Length of a pack (default 32MiB).", valueName: "size"))
  var packSize: String?

  @Option(help: ArgumentHelp("Level of zstd, -7 to 19 (default 3).", valueName: "level"))
  var compression: Int?

  @Option(
    help: ArgumentHelp(
      "Share chunk boundaries with this repository, so that copies between both need no cutting.",
      valueName: "repository"))
  var like: String?

  @Option(help: ArgumentHelp("Password file of the --like repository.", valueName: "file"))
  var likePasswordFile: RawText?

  private struct Document: Encodable {
    var repository: String
    var id: String
    var created: String
  }

  func run() throws {
    let settings = try repository.settings()
    guard let text = settings.repository else {
      throw CairnError(.usage, "say where the new repository shall lie: cairn init --repo PATH")
    }
    let location = try StoreLocation(text)
    var options = try repositoryOptions()
    let store = location.makeStore()
    try requireAbsence(of: store)
    let kin = try kinship(cacheRoot: settings.cacheDirectory)
    if let kin { options.chunker = kin.config.chunker }
    let password = try settings.password.read(
      isNew: true, prompt: "password for the new repository: ")
    let config = try NewRepository.create(
      at: location, password: password, options: options, kin: kin?.keys)
    if output.json {
      JSONDocument.write(
        Document(
          repository: store.location, id: config.id,
          created: TimeText.universal(Timestamp(seconds: config.created))))
    } else if !output.quiet {
      StandardOutput.line("made repository \(config.id.prefix(8)) at \(store.location)")
      StandardOutput.line("Keep the password safe: without it the repository is unreadable.")
    }
  }

  private func requireAbsence(of store: any ObjectStore) throws(CairnError) {
    do throws(CairnError) {
      _ = try store.byteCount(of: .config)
    } catch  where error.code == .notFound {
      return
    }
    throw CairnError(.exists, "a repository exists already at \(store.location)")
  }

  private func repositoryOptions() throws(CairnError) -> RepositoryOptions {
    var options = RepositoryOptions()
    options.passwordHash = strongKey ? .strong : .standard
    options.label = try SystemInformation.hostname()
    if let chunkSize {
      let size = try SizeText.parse(chunkSize)
      guard size & (size &- 1) == 0, (4096...4 << 20).contains(size) else {
        throw CairnError(
          .usage, "--chunk-size must be a power of two from 4KiB to 4MiB, not \(chunkSize)")
      }
      options.chunker.averageByteCount = Int(size)
      options.chunker.minByteCount = Int(size) / 4
      options.chunker.maxByteCount = Int(size) * 4
    }
    if let packSize {
      let size = try SizeText.parse(packSize)
      guard (1 << 20...UInt64(Limits.packByteCountMax) / 2).contains(size) else {
        throw CairnError(.usage, "--pack-size must be from 1MiB to 512MiB, not \(packSize)")
      }
      options.packByteCount = Int(size)
    }
    if let compression {
      guard (-7...19).contains(compression) else {
        throw CairnError(.usage, "--compression must be from -7 to 19, not \(compression)")
      }
      options.compressionLevel = compression
    }
    return options
  }

  /// Opens the repository to be like. A password file of its own, or the terminal.
  private func kinship(cacheRoot: String) throws(CairnError) -> Repository? {
    guard let like else {
      guard likePasswordFile == nil else {
        throw CairnError(.usage, "--like-password-file goes with --like")
      }
      return nil
    }
    guard chunkSize == nil else {
      throw CairnError(.usage, "--like takes the chunk size from the other repository")
    }
    let source = likePasswordFile.map { PasswordSource.file($0.path) } ?? .terminal
    let password = try source.read(prompt: "password for \(like): ")
    return try Repository.open(
      StoreLocation(like).makeStore(), password: password, cacheRoot: cacheRoot)
  }
}
