import CairnCore
import CairnCrypto
import CairnSystem

/// Where a password comes from. It is never an argument: those show in the list of processes.
enum PasswordSource: Hashable, Sendable {
  /// An environment variable of this name.
  case environment(String)
  /// The first line end at the end of the file doesn't count.
  case file(RawPath)
  /// All bytes of the file, whatever they are.
  case keyFile(RawPath)
  /// What a shell command prints; a line end at its end doesn't count.
  case command(String)
  /// Asked for on the terminal.
  case terminal

  static let byteCountMax = 1 << 20

  /// Gets the password. On a terminal it is asked for twice when `isNew`. An empty one is `usage`.
  func read(
    environment: ProcessEnvironment = .current, isNew: Bool = false,
    prompt: String = "password for the repository: "
  ) throws(CairnError) -> SecretBytes {
    let secret: SecretBytes
    switch self {
    case .environment(let name):
      secret = SecretBytes(copying: Array((environment[name] ?? "").utf8))
    case .file(let path):
      secret = PasswordSource.takingLine(try PasswordSource.content(of: path))
    case .keyFile(let path):
      var bytes = try PasswordSource.content(of: path)
      secret = SecretBytes(copying: bytes)
      PasswordSource.wipe(&bytes)
    case .command(let command):
      secret = PasswordSource.takingLine(try ShellCommand.output(of: command))
    case .terminal:
      secret = try PasswordPrompt.ask(prompt, twice: isNew)
    }
    guard secret.count > 0 else { throw CairnError(.usage, "the password \(place) is empty") }
    return secret
  }

  private var place: String {
    switch self {
    case .environment(let name): "in \(name)"
    case .file(let path): "in \(path)"
    case .keyFile(let path): "in \(path)"
    case .command: "that the password command prints"
    case .terminal: "that was typed"
    }
  }

  private static func content(of path: RawPath) throws(CairnError) -> [UInt8] {
    do throws(CairnError) {
      return try DirectoryHandle.working.readFile(
        path, byteCountMax: byteCountMax, followingLink: true)
    } catch {
      throw error.within("the password file")
    }
  }

  /// Drops one line end and wipes `bytes`.
  private static func takingLine(_ bytes: consuming [UInt8]) -> SecretBytes {
    var bytes = bytes
    var end = bytes.count
    if end > 0, bytes[end - 1] == UInt8(ascii: "\n") { end -= 1 }
    if end > 0, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    let secret = SecretBytes(copying: bytes[..<end])
    wipe(&bytes)
    return secret
  }

  static func wipe(_ bytes: inout [UInt8]) {
    for index in bytes.indices { bytes[index] = 0 }
  }
}
