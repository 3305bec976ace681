package import CairnCore
internal import Synchronization

/// Something that is wrong with a repository.
package struct Finding: Sendable, Hashable {
  /// Path of the object in the store (`packs/ab/ab…`), or what else is affected.
  package var object: String
  /// The first snapshot that was found to need it, where that is known.
  package var snapshot: ObjectName?
  /// The path in that snapshot, raw bytes that begin with a slash.
  package var path: [UInt8]?
  /// What is wrong, a sentence without a full stop.
  package var message: String

  package init(
    object: String, snapshot: ObjectName? = nil, path: [UInt8]? = nil, message: String
  ) {
    self.object = object
    self.snapshot = snapshot
    self.path = path
    self.message = message
  }
}

extension Finding: CustomStringConvertible {
  package var description: String {
    var text = object.isEmpty || message.hasPrefix(object) ? message : "\(object): \(message)"
    if let snapshot { text += " (snapshot \(snapshot.short)" }
    if let path { text += " \(String(decoding: path, as: UTF8.self))" }
    if snapshot != nil { text += ")" }
    return text
  }
}

/// Collects findings from several threads: the first ``countMax``, and the count of all.
final class FindingLog: Sendable {
  static let countMax = 1000

  private struct State {
    var findings: [Finding] = []
    var count = 0
  }

  private let state = Mutex(State())
  private let progress: Progress

  init(progress: Progress) {
    self.progress = progress
  }

  func add(_ finding: Finding) {
    progress.errorCount.add(1)
    state.withLock { state in
      state.count += 1
      if state.findings.count < FindingLog.countMax { state.findings.append(finding) }
    }
  }

  var findings: [Finding] { state.withLock { $0.findings } }
  var count: Int { state.withLock { $0.count } }
}

extension CairnError {
  /// Whether the error is about the object that was being read, and others may still be fine: it
  /// is damaged, gone, of a later version, or lies on a bad sector (`EIO`).
  var isAboutObject: Bool {
    switch code {
    case .damaged, .notFound, .unsupported: true
    default: errno == 5
    }
  }
}
