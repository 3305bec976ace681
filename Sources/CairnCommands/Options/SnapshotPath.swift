import ArgumentParser
import CairnCore
import CairnRepository
import CairnSystem

/// `SNAPSHOT` or `SNAPSHOT:PATH`: the beginning of an id, `latest` or `latest~N`, and a path in it.
struct SnapshotPath: ExpressibleByArgument, Hashable, Sendable {
  let snapshot: String
  /// Names from the root; `nil` for the whole snapshot.
  let path: [[UInt8]]?

  init?(argument: String) {
    guard let text = RawText(argument: argument) else { return nil }
    let colon = text.bytes.firstIndex(of: UInt8(ascii: ":")) ?? text.bytes.count
    guard let snapshot = String(validating: text.bytes[..<colon], as: UTF8.self), !snapshot.isEmpty
    else { return nil }
    self.snapshot = snapshot
    let rest = RawText([UInt8](text.bytes[colon...].dropFirst()))
    let components = rest.absolutePath(workingDirectory: "/").components.map(\.bytes)
    path = components.isEmpty ? nil : components
  }

  /// The snapshot that is meant.
  func resolve(in repository: Repository, _ operation: Operation) throws(CairnError) -> Snapshot {
    try repository.loadCatalog(operation).resolve(snapshot)
  }
}
