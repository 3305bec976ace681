import CairnCore
import CairnFormat
import CairnRepository
import CairnSystem

/// A snapshot as one line of a table.
enum SnapshotRow {
  static var table: TextTable {
    TextTable([
      ("id", .left), ("time", .left), ("host", .left), ("tags", .left), ("size", .right),
      ("files", .right), ("problems", .right), ("paths", .left),
    ])
  }

  static func cells(_ snapshot: Snapshot) -> [String] {
    let record = snapshot.record
    return [
      snapshot.name.short, TimeText.local(record.time), record.host,
      record.tags.joined(separator: ","), SizeText.text(record.statistics.bytes),
      "\(record.statistics.files)",
      record.isComplete ? "" : "\(record.statistics.problems)",
      record.paths.map { RawPath($0.bytes).displayText }.joined(separator: " "),
    ]
  }
}

/// A snapshot as programs see it.
struct SnapshotDocument: Encodable {

  var id: String
  var shortID: String
  var time: String
  var completed: String
  var host: String
  var user: String
  var paths: [ByteText]
  var tags: [String]
  var excludes: [String]
  var parent: String?
  var program: String
  var statistics: SnapshotRecord.Statistics

  init(_ snapshot: Snapshot) {
    let record = snapshot.record
    id = snapshot.name.hex
    shortID = snapshot.name.short
    time = TimeText.universal(record.time)
    completed = TimeText.universal(record.completed)
    host = record.host
    user = record.user
    paths = record.paths
    tags = record.tags
    excludes = record.excludes
    parent = record.parent?.hex
    program = record.program
    statistics = record.statistics
  }
}
