import ArgumentParser
import CairnFormat
import CairnRepository

/// The options that choose among the snapshots of a repository.
struct SnapshotFilterGroup: ParsableArguments {
  @Option(help: ArgumentHelp("Only snapshots of this host.", valueName: "name"))
  var host: [String] = []

  @Option(help: ArgumentHelp("Only snapshots with this tag.", valueName: "tag"))
  var tag: [String] = []

  @Option(help: ArgumentHelp("Only snapshots of this source path.", valueName: "path"))
  var path: [RawText] = []

  /// Of several hosts one must fit; of tags and paths all.
  func accepts(_ snapshot: Snapshot) -> Bool {
    let record = snapshot.record
    return (host.isEmpty || host.contains(record.host))
      && tag.allSatisfy { record.tags.contains($0) }
      && path.allSatisfy { path in record.paths.contains { $0.bytes == path.bytes } }
  }
}
