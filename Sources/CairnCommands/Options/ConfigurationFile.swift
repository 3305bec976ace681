import CairnCore
import CairnSystem

/// Settings that hold for every run: lines `key = value`; empty lines and those that begin with `#`
/// are passed over. A `~/` at the beginning of a path is the home folder.
///
/// The password settings are those of the repository named beside them: with another repository
/// (`--repo`) they don't apply. Without one they apply to every repository.
struct ConfigurationFile: Hashable, Sendable {
  var repository: String?
  var passwordFile: String?
  var passwordCommand: String?
  var cacheDirectory: String?

  static let byteCountMax = 1 << 20

  static func path(in environment: ProcessEnvironment) -> String? {
    environment.configurationFolder.map { $0 + "/config" }
  }

  /// The file of this user; nothing set when there is none.
  static func load(_ environment: ProcessEnvironment) throws(CairnError) -> ConfigurationFile {
    guard let path = path(in: environment) else { return ConfigurationFile() }
    let bytes: [UInt8]
    do throws(CairnError) {
      bytes = try DirectoryHandle.working.readFile(
        RawPath(path), byteCountMax: byteCountMax, followingLink: true)
    } catch  where error.code == .notFound {
      return ConfigurationFile()
    }
    var file = try parse(String(decoding: bytes, as: UTF8.self), path: path)
    file.repository = file.repository.map(environment.expandingHome)
    file.passwordFile = file.passwordFile.map(environment.expandingHome)
    file.cacheDirectory = file.cacheDirectory.map(environment.expandingHome)
    return file
  }

  /// `usage` for a line that makes no sense: a misspelled setting must not go unnoticed.
  static func parse(_ text: String, path: String) throws(CairnError) -> ConfigurationFile {
    var file = ConfigurationFile()
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let line = trimmed(line)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let place = "\(path), line \(index + 1)"
      guard let equals = line.firstIndex(of: "=") else {
        throw CairnError(.usage, "\(place): not of the form `key = value`")
      }
      let key = trimmed(line[..<equals])
      let value = trimmed(line[line.index(after: equals)...])
      guard !value.isEmpty else { throw CairnError(.usage, "\(place): \(key) has no value") }
      switch key {
      case "repository": file.repository = String(value)
      case "password-file": file.passwordFile = String(value)
      case "password-command": file.passwordCommand = String(value)
      case "cache-dir": file.cacheDirectory = String(value)
      default: throw CairnError(.usage, "\(place): there is no setting \(key)")
      }
    }
    return file
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text.drop { $0 == " " || $0 == "\t" }
  }
}
