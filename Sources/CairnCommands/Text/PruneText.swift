import CairnMaintenance

/// What a prune did, or would do, told to people or programs.
struct PruneText {
  struct Document: Encodable {
    struct Amount: Encodable {
      var chunks: Int
      var bytes: UInt64
    }

    struct Result: Encodable {
      var packsDeleted: Int
      var packsRepacked: Int
      var packsWritten: Int
      var bytesDeleted: UInt64
      var bytesWritten: UInt64
      var bytesFreed: Int64
      var seconds: Double
    }

    var dryRun: Bool
    var snapshots: Int
    var used: Amount
    var unused: Amount
    var duplicate: Amount
    var storedBytes: UInt64
    var packsToDelete: Int
    var packsToRepack: Int
    var packsKept: Int
    var unreferencedPacks: Int
    var freedBytes: UInt64
    var remainingUnusedBytes: UInt64
    var result: Result?
  }

  let plan: PrunePlan
  var report: PruneReport?

  func write(_ output: OutputOptionsGroup) {
    if output.json { return JSONDocument.write(document) }
    if output.quiet { return }
    for line in lines { StandardOutput.line(line) }
  }

  var document: Document {
    Document(
      dryRun: report == nil, snapshots: plan.snapshotCount,
      used: .init(chunks: plan.usedChunkCount, bytes: plan.usedByteCount),
      unused: .init(chunks: plan.unusedChunkCount, bytes: plan.unusedByteCount),
      duplicate: .init(chunks: plan.duplicateChunkCount, bytes: plan.duplicateByteCount),
      storedBytes: plan.storedByteCount, packsToDelete: plan.packsToDelete.count,
      packsToRepack: plan.packsToRepack.count, packsKept: plan.packsKept.count,
      unreferencedPacks: plan.unreferencedPacks.count, freedBytes: plan.freedByteCount,
      remainingUnusedBytes: plan.remainingUnusedByteCount,
      result: report.map {
        Document.Result(
          packsDeleted: $0.packsDeleted, packsRepacked: $0.packsRepacked,
          packsWritten: $0.packsWritten, bytesDeleted: $0.bytesDeleted,
          bytesWritten: $0.bytesWritten, bytesFreed: $0.bytesFreed,
          seconds: Double($0.nanoseconds) / 1e9)
      })
  }

  var lines: [String] {
    var summary = SummaryText()
    summary.add("snapshots", "\(plan.snapshotCount)")
    summary.add("used", amount(plan.usedChunkCount, plan.usedByteCount))
    summary.add("unused", amount(plan.unusedChunkCount, plan.unusedByteCount))
    if plan.duplicateChunkCount > 0 {
      summary.add("stored twice", amount(plan.duplicateChunkCount, plan.duplicateByteCount))
    }
    if let report {
      summary.add(
        "packs",
        "\(report.packsDeleted) deleted, \(report.packsRepacked) rewritten,"
          + " \(plan.packsKept.count) kept")
      summary.add("freed", SizeText.text(report.bytesFreed))
    } else {
      summary.add(
        "packs",
        "\(plan.packsToDelete.count + plan.unreferencedPacks.count) to delete,"
          + " \(plan.packsToRepack.count) to rewrite, \(plan.packsKept.count) to keep")
      summary.add(
        "would free",
        "about \(SizeText.text(plan.freedByteCount)) of \(SizeText.text(plan.storedByteCount))")
    }
    if plan.remainingUnusedByteCount > 0 {
      summary.add("left unused", "about \(SizeText.text(plan.remainingUnusedByteCount))")
    }
    if let report { summary.add("time", DurationText.text(nanoseconds: report.nanoseconds)) }
    return summary.lines
  }

  private func amount(_ chunks: Int, _ bytes: UInt64) -> String {
    "\(SizeText.text(bytes)) in \(NumberText.counted(chunks, "chunk"))"
  }
}
