import ArgumentParser

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version of this program.")

  @Flag(help: "Print one JSON document for programs.")
  var json = false

  private struct Document: Encodable {
    var version: String
    var repositoryFormat: Int
  }

  func run() {
    if json {
      JSONDocument.write(Document(version: Version.number, repositoryFormat: 1))
    } else {
      StandardOutput.line(Version.text)
    }
  }
}
