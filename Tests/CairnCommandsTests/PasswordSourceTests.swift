import CairnCore
import CairnCrypto
import CairnSystem
import CairnTesting
import Testing

@testable import CairnCommands

struct PasswordSourceTests {
  private let folder = TemporaryFolder()

  private func file(_ content: String) throws -> RawPath {
    let path = RawPath(folder.path + "/password")
    try DirectoryHandle.working.writeFile(path, Array(content.utf8), replacing: true)
    return path
  }

  private func text(_ secret: SecretBytes) -> String {
    secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"),
    ("secret\n\n", "secret\n"), (" secret ", " secret "),
  ])
  func `one line end of a password file doesn't count`(content: String, expected: String) throws {
    #expect(text(try PasswordSource.file(try file(content)).read()) == expected)
  }

  @Test func `all bytes of a key file count`() throws {
    #expect(text(try PasswordSource.keyFile(try file("key\n")).read()) == "key\n")
  }

  @Test func `a command's output is the password`() throws {
    #expect(text(try PasswordSource.command("echo from; echo command").read()) == "from\ncommand")
  }

  @Test func `a command that fails is told with its status`() throws {
    let error = try #require(throws: CairnError.self) {
      try PasswordSource.command("echo x; exit 3").read()
    }
    #expect(error.message.contains("status 3"))
  }

  @Test func `an environment variable is the password`() throws {
    let environment = ProcessEnvironment { $0 == "P" ? "secret" : nil }
    #expect(text(try PasswordSource.environment("P").read(environment: environment)) == "secret")
  }

  @Test func `an empty password is refused`() throws {
    let error = try #require(throws: CairnError.self) {
      try PasswordSource.file(try file("\n")).read()
    }
    #expect(error.code == .usage)
  }

  @Test func `a missing password file is told by name`() throws {
    let error = try #require(throws: CairnError.self) {
      try PasswordSource.file("/nonexistent/password").read()
    }
    #expect(error.message.contains("/nonexistent/password"))
  }
}
