import ArgumentParser
import CairnBackup
import CairnCore
import CairnFormat
import CairnRepository
import CairnSystem
import Glibc

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Back up files and folders into a new snapshot.",
    discussion: """
      The first backup without any repository configured makes one and says where. Needs about \
      20 MB of memory for each processor. Ends with status 3 when a snapshot was written, but some \
      sources could not be read.
      """)

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup
  @OptionGroup(title: "What to leave out") var exclusion: ExclusionGroup

  @Argument(help: ArgumentHelp("Files and folders to back up.", valueName: "path"))
  var paths: [RawText] = []

  @Option(help: ArgumentHelp("Tag of the snapshot; may be repeated.", valueName: "tag"))
  var tag: [String] = []

  @Option(help: ArgumentHelp("Host to record instead of this one.", valueName: "name"))
  var host: String?

  @Option(help: ArgumentHelp("Time to record instead of now.", valueName: "time"))
  var time: String?

  @Flag(help: "Back up standard input as one file.")
  var stdin = false

  @Option(help: ArgumentHelp("Name of the file that --stdin makes.", valueName: "name"))
  var stdinFilename = "stdin"

  @Flag(name: [.long, .customShort("n")], help: "Only tell what would be new.")
  var dryRun = false

  @Flag(help: "Read every file, even those that look unchanged.")
  var reread = false

  @Option(
    help: ArgumentHelp(
      "Snapshot to compare with, instead of the newest of this host and these paths.",
      valueName: "snapshot"))
  var parent: String?

  mutating func validate() throws {
    if stdin && !paths.isEmpty { throw ValidationError("--stdin takes no paths") }
    if !stdin && paths.isEmpty { throw ValidationError("name what to back up, or use --stdin") }
  }

  func run() throws {
    var options = try backupOptions()
    let (settings, announcement) = try settingsOrDefault()
    let operation = Operation(output)
    for line in announcement where !output.json { StandardError.line(line) }
    let report = try operation.run { () throws(CairnError) in
      let open = try RepositoryOptionsGroup.open(settings, for: operation)
      if let parent {
        options.parent = try open.loadCatalog(operation).resolve(parent).name
      }
      if stdin {
        return try Backup.runStream(
          descriptor: STDIN_FILENO, fileName: stdinFilename, options, in: open,
          progress: operation.progress, cancellation: operation.cancellation)
      }
      return try Backup.run(
        options, in: open, progress: operation.progress, cancellation: operation.cancellation)
    }
    BackupText(report, isDryRun: dryRun).write(output)
    if report.statistics.problems > 0 { throw ExitCode(ExitStatus.incomplete.rawValue) }
  }

  private func backupOptions() throws(CairnError) -> BackupOptions {
    var options = BackupOptions()
    let working = try ProcessEnvironment.workingDirectory()
    for path in paths {
      // `backup ""` comes from a variable that isn't set: backing up the folder would surprise.
      guard !path.bytes.isEmpty else { throw CairnError(.usage, "a path to back up is empty") }
      options.paths.append(path.absolutePath(workingDirectory: working))
    }
    if !stdin { try requireAny(of: options.paths) }
    try exclusion.apply(to: &options)
    options.tags = tag
    if let host { options.host = host } else { options.host = try SystemInformation.hostname() }
    options.user =
      OwnerNames().userName(geteuid()).map { String(decoding: $0, as: UTF8.self) }
      ?? "\(geteuid())"
    if let time { options.time = try TimeText.parse(time) }
    options.isDryRun = dryRun
    options.rereadsAll = reread
    options.program = Version.text
    return options
  }

  /// A misspelled path must not make a snapshot of nothing.
  private func requireAny(of paths: [RawPath]) throws(CairnError) {
    for path in paths {
      do throws(CairnError) {
        if try DirectoryHandle.working.statusIfPresent(of: path) != nil { return }
      } catch {
        // It may be there; the backup will tell what is wrong with it.
        return
      }
    }
    throw CairnError(.notFound, "nothing to back up: none of the paths exists")
  }

  /// The settings; with no repository in them, those of one that is made now, and what to tell
  /// about it.
  private func settingsOrDefault() throws(CairnError) -> (RepositorySettings, [String]) {
    let settings = try repository.settings()
    if settings.repository != nil { return (settings, []) }
    guard settings.password == .terminal, !dryRun else {
      throw CairnError(
        .noRepository, "no repository is named: give --repo or set CAIRN_REPOSITORY")
    }
    let new = try DefaultRepository(.current)
    try new.create()
    return (try repository.settings(), new.announcement)
  }
}
