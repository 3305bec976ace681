import CairnCore
import CairnSystem
import Glibc

/// The environment variables, and what follows from them. A value, so that tests can make one up.
struct ProcessEnvironment: Sendable {
  var value: @Sendable (String) -> String?

  static let current = ProcessEnvironment { name in getenv(name).map { String(cString: $0) } }

  /// `nil` for a variable that is empty, too.
  subscript(name: String) -> String? {
    guard let text = value(name), !text.isEmpty else { return nil }
    return text
  }

  var configurationFolder: String? { folder("XDG_CONFIG_HOME", inHome: ".config") }
  var dataFolder: String? { folder("XDG_DATA_HOME", inHome: ".local/share") }
  var cacheFolder: String? { folder("XDG_CACHE_HOME", inHome: ".cache") }

  /// The XDG specification has relative paths ignored.
  private func folder(_ name: String, inHome fallback: String) -> String? {
    if let path = self[name], path.hasPrefix("/") { return path + "/cairn" }
    return self["HOME"].map { "\($0)/\(fallback)/cairn" }
  }

  /// `~/` at the beginning becomes the home folder.
  func expandingHome(_ path: String) -> String {
    guard path.hasPrefix("~/"), let home = self["HOME"] else { return path }
    return home + path.dropFirst(1)
  }

  static func workingDirectory() throws(CairnError) -> RawPath {
    guard let buffer = getcwd(nil, 0) else {
      throw CairnError.system(errno, "find the working directory")
    }
    defer { free(buffer) }
    return RawPath([UInt8](UnsafeRawBufferPointer(start: buffer, count: strlen(buffer))))
  }
}
