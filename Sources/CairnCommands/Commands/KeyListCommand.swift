import ArgumentParser
import CairnCore
import CairnFormat
import CairnRepository

struct KeyListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the key slots.")

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  private struct Document: Encodable {
    struct Slot: Encodable {
      var id: String
      var label: String
      var created: String
      var isCurrent: Bool
      var kdf: String
      var iterations: UInt32
      var memoryKiB: UInt32
      var parallelism: UInt32
    }

    var slots: [Slot]
    var damage: [String]
  }

  func run() throws {
    let operation = Operation(output)
    let (slots, damage, missing, current) = try operation.run { () throws(CairnError) in
      let open = try repository.open(for: operation)
      let (slots, damage) = try open.keySlots.load()
      let known = try open.ledger.load().merged.keys
      let missing = known.subtracting(slots.map(\.name)).sorted()
      return (slots.sorted { $0.record.created < $1.record.created }, damage, missing, open.slot)
    }
    let complaints =
      damage.map(\.message)
      + missing.map { "key slot \($0.short) is missing, though nobody removed it" }
    for complaint in complaints { operation.warn(complaint) }
    if output.json {
      JSONDocument.write(
        Document(
          slots: slots.map { slot(of: $0, current: current) }, damage: complaints))
      return
    }
    var table = TextTable([("", .left), ("id", .left), ("created", .left), ("label", .left)])
    table.rows = slots.map {
      [
        $0.name == current ? "*" : "", $0.name.short,
        TimeText.local(Timestamp(seconds: $0.record.created)), $0.record.label,
      ]
    }
    for line in table.lines { StandardOutput.line(line) }
  }

  private func slot(of slot: KeySlots.Slot, current: ObjectName) -> Document.Slot {
    let record = slot.record
    return Document.Slot(
      id: slot.name.hex, label: record.label,
      created: TimeText.universal(Timestamp(seconds: record.created)),
      isCurrent: slot.name == current, kdf: record.kdf, iterations: record.iterations,
      memoryKiB: record.memoryKiB, parallelism: record.parallelism)
  }
}
