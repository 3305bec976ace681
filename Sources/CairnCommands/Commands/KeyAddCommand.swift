import ArgumentParser
import CairnCore
import CairnRepository

struct KeyAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a password to the repository.")

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup
  @OptionGroup var new: NewPasswordGroup

  func run() throws {
    let operation = Operation(output)
    let name = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      try operation.end()
      let password = try new.source.read(isNew: true, prompt: "new password: ")
      return try KeyChange.add(new, password: password, in: open)
    }
    KeyChangeDocument(added: name).write(output)
  }
}

struct KeyPasswdCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "passwd", abstract: "Replace the password that opens the repository now.")

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup
  @OptionGroup var new: NewPasswordGroup

  func run() throws {
    let operation = Operation(output)
    let document = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      try operation.end()
      let password = try new.source.read(isNew: true, prompt: "new password: ")
      let name = try KeyChange.add(new, password: password, removing: open.slot, in: open)
      return KeyChangeDocument(added: name, removed: open.slot)
    }
    document.write(output)
  }
}

/// What the commands that change key slots tell.
struct KeyChangeDocument: Encodable {
  var added: ObjectName?
  var removed: ObjectName?

  private enum CodingKeys: String, CodingKey { case added, removed }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(added?.hex, forKey: .added)
    try container.encodeIfPresent(removed?.hex, forKey: .removed)
  }

  func write(_ output: OutputOptionsGroup) {
    if output.json { return JSONDocument.write(self) }
    if output.quiet { return }
    if let added { StandardOutput.line("added key slot \(added.short)") }
    if let removed { StandardOutput.line("removed key slot \(removed.short)") }
  }
}
