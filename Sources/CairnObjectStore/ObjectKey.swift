package import CairnCore

/// The families of objects a repository consists of; each is one folder of the store.
package enum ObjectKind: String, Sendable, CaseIterable {
  case config
  case keys
  case packs
  case index
  case snapshots
  case ledger
  case condemned
  case leases
  case parity
}

/// Where an object lies in a store: `config`, or `<kind>/<name>`; packs fan out over 256 folders
/// by the first two digits of their name.
package struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let kind: ObjectKind
  /// Lower-case hexadecimal digits; empty for the config, which there is only one of.
  package let name: String

  package static let config = ObjectKey(kind: .config, name: "")

  private init(kind: ObjectKind, name: String) {
    self.kind = kind
    self.name = name
  }

  package init(_ kind: ObjectKind, _ name: ObjectName) {
    self.init(kind: kind, name: name.hex)
  }

  /// A key whose name is not a digest: leases and condemned marks. `nil` unless `name` is
  /// lower-case hexadecimal of at least 8 digits.
  package init?(_ kind: ObjectKind, hex name: String) {
    guard kind != .config, name.utf8.count >= 8, Hex.decode(name) != nil else { return nil }
    self.init(kind: kind, name: name)
  }

  /// Parses a path as ``path`` gives it; `nil` when it is no object of a repository.
  package init?(path: some StringProtocol) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 1, parts[0] == "config" {
      self = .config
      return
    }
    guard let kind = ObjectKind(rawValue: String(parts[0])), let name = parts.last,
      let key = ObjectKey(kind, hex: String(name)), key.path == path
    else { return nil }
    self = key
  }

  package var path: String {
    switch kind {
    case .config: "config"
    case .packs: "packs/\(name.prefix(2))/\(name)"
    default: "\(kind.rawValue)/\(name)"
    }
  }

  /// The name as a digest, for the kinds named after their content.
  package var objectName: ObjectName? { ObjectName(hex: name) }

  package var description: String { path }

  package static func < (a: ObjectKey, b: ObjectKey) -> Bool { a.path < b.path }
}
