import ArgumentParser
import CairnBackup
import CairnCore
import CairnSystem

/// The options of `backup` that say what to leave out.
struct ExclusionGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Leave out what matches, in the manner of gitignore: *.o, /var/tmp, cache/.",
      valueName: "pattern"))
  var exclude: [RawText] = []

  @Option(help: ArgumentHelp("File of such patterns, one a line.", valueName: "file"))
  var excludeFile: [RawText] = []

  @Flag(help: "Leave out the content of folders that a CACHEDIR.TAG marks as caches.")
  var excludeCaches = false

  @Option(
    help: ArgumentHelp("Leave out the content of folders that hold this name.", valueName: "name"))
  var excludeIfPresent: [String] = []

  @Flag(name: [.long, .customShort("x")], help: "Don't descend into other file systems.")
  var oneFileSystem = false

  private static let fileByteCountMax = 16 << 20

  func apply(to options: inout BackupOptions) throws(CairnError) {
    var patterns = exclude.map(\.bytes)
    for file in excludeFile {
      let bytes = try DirectoryHandle.working.readFile(
        file.path, byteCountMax: ExclusionGroup.fileByteCountMax, followingLink: true)
      patterns += ExclusionGroup.patterns(inFile: bytes)
    }
    options.filter = PathFilter(excludeBytes: patterns)
    options.excludeTexts = patterns.map { RawPath($0).displayText }
    options.excludesCaches = excludeCaches
    options.excludeIfPresent = excludeIfPresent
    options.staysOnFileSystem = oneFileSystem
  }

  /// The lines of a pattern file; empty ones and those that begin with `#` are passed over.
  static func patterns(inFile bytes: [UInt8]) -> [[UInt8]] {
    bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if line.isEmpty || line.first == UInt8(ascii: "#") || line.contains(0) { return nil }
      return [UInt8](line)
    }
  }
}
