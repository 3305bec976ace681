import CairnCore
import CairnSystem
import Testing

@testable import CairnCommands

struct SettingsTests {
  private let variables = ["HOME": "/h"]

  private func settings(
    _ flags: RepositorySettings.Flags = .init(), _ more: [String: String] = [:],
    _ file: ConfigurationFile = .init()
  ) throws -> RepositorySettings {
    let all = variables.merging(more) { $1 }
    return try RepositorySettings(
      flags: flags, environment: ProcessEnvironment { all[$0] }, file: file)
  }

  @Test func `flags win over the environment, and that over the file`() throws {
    let file = ConfigurationFile(repository: "file", cacheDirectory: "/file")
    let environment = ["CAIRN_REPOSITORY": "environment", "CAIRN_CACHE_DIR": "/environment"]
    let flags = RepositorySettings.Flags(repository: "flag", cacheDirectory: "/flag")
    #expect(try settings(.init(), [:], file).repository == "file")
    #expect(try settings(.init(), environment, file).repository == "environment")
    #expect(try settings(flags, environment, file).repository == "flag")
    #expect(try settings(.init(), [:], file).cacheDirectory == "/file")
    #expect(try settings(.init(), environment, file).cacheDirectory == "/environment")
    #expect(try settings(flags, environment, file).cacheDirectory == "/flag")
  }

  @Test func `without anything the cache lies in the home folder`() throws {
    #expect(try settings().cacheDirectory == "/h/.cache/cairn")
    #expect(try settings(.init(), ["XDG_CACHE_HOME": "/c"]).cacheDirectory == "/c/cairn")
    #expect(try settings(.init(), ["XDG_CACHE_HOME": "c"]).cacheDirectory == "/h/.cache/cairn")
    #expect(try settings().repository == nil)
    #expect(try settings().password == .terminal)
  }

  @Test func `an empty variable counts as none`() throws {
    let file = ConfigurationFile(repository: "file")
    #expect(try settings(.init(), ["CAIRN_REPOSITORY": ""], file).repository == "file")
  }

  @Test func `the password comes from the first place that has one`() throws {
    let file = ConfigurationFile(repository: "r", passwordFile: "/file")
    var flags = RepositorySettings.Flags(passwordCommand: "echo")
    #expect(try settings(flags, ["CAIRN_PASSWORD": "x"], file).password == .command("echo"))
    #expect(
      try settings(.init(), ["CAIRN_PASSWORD": "x"], file).password
        == .environment("CAIRN_PASSWORD"))
    #expect(try settings(.init(), ["CAIRN_PASSWORD_FILE": "/e"], file).password == .file("/e"))
    #expect(
      try settings(.init(), ["CAIRN_PASSWORD_COMMAND": "c"], file).password == .command("c"))
    #expect(try settings(.init(), [:], file).password == .file("/file"))
    flags.keyFile = "/key"
    #expect(throws: CairnError.self) { try settings(flags) }
  }

  @Test func `the file's password is not used for another repository`() throws {
    let file = ConfigurationFile(repository: "r", passwordFile: "/file")
    let flags = RepositorySettings.Flags(repository: "other")
    #expect(try settings(flags, [:], file).password == .terminal)
  }

  @Test func `a configuration file is read line by line`() throws {
    let text = "# comment\n\n repository = /a b \npassword-file=~/p\npassword-command = x = y\r\n"
    let file = try ConfigurationFile.parse(text, path: "config")
    #expect(
      file
        == ConfigurationFile(
          repository: "/a b", passwordFile: "~/p", passwordCommand: "x = y"))
  }

  @Test(arguments: ["repository", "repo = x", "repository ="])
  func `a line that makes no sense is a usage error that names it`(line: String) throws {
    let error = try #require(throws: CairnError.self) {
      try ConfigurationFile.parse("# first\n" + line, path: "config")
    }
    #expect(error.code == .usage)
    #expect(error.message.contains("config, line 2"))
  }
}
