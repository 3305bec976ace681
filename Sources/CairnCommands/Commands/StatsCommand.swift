import ArgumentParser
import CairnCore
import CairnMaintenance
import CairnObjectStore
import CairnRepository

struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Show what the repository holds and how much space it saves.")

  @OptionGroup(title: "Repository") var repository: RepositoryOptionsGroup
  @OptionGroup(title: "Output") var output: OutputOptionsGroup

  private struct Document: Encodable {
    struct Amount: Encodable {
      var count: Int
      var bytes: UInt64

      init(_ amount: RepositoryStatistics.Amount) {
        count = amount.count
        bytes = amount.byteCount
      }
    }

    var snapshots: Int
    var entries: UInt64
    var logicalBytes: UInt64
    var storedBytes: UInt64
    var dataChunks: Amount
    var treeChunks: Amount
    var duplicates: Amount
    var objects: [String: Amount]
    var deduplicationRatio: Double
    var compressionRatio: Double
    var totalRatio: Double
  }

  func run() throws {
    let operation = Operation(output)
    let statistics = try operation.run { () throws(CairnError) in
      try Statistics.gather(
        in: try repository.open(for: operation), progress: operation.progress,
        cancellation: operation.cancellation)
    }
    if output.json {
      JSONDocument.write(document(statistics))
    } else {
      for line in lines(statistics) { StandardOutput.line(line) }
    }
  }

  private func document(_ statistics: RepositoryStatistics) -> Document {
    var objects: [String: Document.Amount] = [:]
    for (kind, amount) in statistics.objects { objects[kind.rawValue] = Document.Amount(amount) }
    return Document(
      snapshots: statistics.snapshotCount, entries: statistics.entryCount,
      logicalBytes: statistics.logicalByteCount, storedBytes: statistics.storedByteCount,
      dataChunks: .init(statistics.dataChunks), treeChunks: .init(statistics.treeChunks),
      duplicates: .init(statistics.duplicates), objects: objects,
      deduplicationRatio: statistics.deduplicationRatio,
      compressionRatio: statistics.compressionRatio, totalRatio: statistics.totalRatio)
  }

  private func lines(_ statistics: RepositoryStatistics) -> [String] {
    func amount(_ amount: RepositoryStatistics.Amount) -> String {
      "\(amount.count), \(SizeText.text(amount.byteCount))"
    }
    var summary = SummaryText()
    summary.add("snapshots", "\(statistics.snapshotCount)")
    summary.add("entries", "\(statistics.entryCount)")
    summary.add("size of all", SizeText.text(statistics.logicalByteCount))
    summary.add("data chunks", amount(statistics.dataChunks))
    summary.add("tree pages", amount(statistics.treeChunks))
    if statistics.duplicates.count > 0 {
      summary.add("stored twice", amount(statistics.duplicates))
    }
    for kind in ObjectKind.allCases {
      if let found = statistics.objects[kind] { summary.add(kind.rawValue, amount(found)) }
    }
    summary.add("stored", SizeText.text(statistics.storedByteCount))
    summary.add(
      "deduplication", "\(NumberText.fixed(statistics.deduplicationRatio, digits: 2)) : 1")
    summary.add("compression", "\(NumberText.fixed(statistics.compressionRatio, digits: 2)) : 1")
    summary.add("together", "\(NumberText.fixed(statistics.totalRatio, digits: 2)) : 1")
    return summary.lines
  }
}
