import ArgumentParser
import CairnCore
import CairnRepository

struct KeyRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take a password away; not the last, nor the one in use.")

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  @Argument(help: ArgumentHelp("Beginning of the slot's id (cairn key list).", valueName: "id"))
  var slot: String

  func run() throws {
    let operation = Operation(output)
    let name = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      let name = try KeyChange.removable(
        slot, among: try open.keySlots.load().slots, current: open.slot)
      try KeyChange.remove(name, in: open)
      return name
    }
    KeyChangeDocument(removed: name).write(output)
  }
}
