/// Which target lies in which layer. An import may only point to a lower layer, or to a target of
/// the same layer that `neighbours` names.
enum Layering {
  static let layers: [String: Int] = [
    "CCairnKernels": 0, "CCairnSystem": 0, "CLMDB": 0, "CZstd": 0, "COpenSSL": 0, "CArgon2": 0,
    "CairnCore": 1, "CairnSystem": 1,
    "CairnChunking": 2, "CairnCrypto": 2, "CairnFormat": 2, "CairnObjectStore": 2,
    "CairnIndex": 3, "CairnStoreS3": 3, "CairnStoreSFTP": 3,
    "CairnRepository": 4,
    "CairnBackup": 5, "CairnRestore": 5, "CairnMaintenance": 5, "CairnSources": 5,
    "CairnControl": 6, "CairnServer": 6,
    "CairnCommands": 7,
    "cairn": 8,
  ]

  /// Layers up to this one are the engine: no Foundation (it costs start-up time), no tasks.
  static let engineTop = 5

  /// The few imports within a layer: all of it stands on the core, and the server on the control
  /// plane.
  static let neighbours: [String: Set<String>] = [
    "CairnSystem": ["CairnCore"],
    "CairnServer": ["CairnControl"],
  ]

  /// Libraries that only these targets may import, and what everybody else uses.
  static let confined: [String: (owners: Set<String>, instead: String)] = [
    "CLMDB": (["CairnIndex"], "CairnIndex's chunk index"),
    "CZstd": (["CairnRepository"], "CairnRepository's frames"),
    "COpenSSL": (["CairnCrypto"], "CairnCrypto"),
    "CArgon2": (["CairnCrypto"], "CairnCrypto's password key derivation"),
    "CCairnKernels": (["CairnChunking", "CairnCrypto"], "CairnChunking or CairnCrypto"),
    "CCairnSystem": (["CairnSystem"], "CairnSystem"),
    "ArgumentParser": (
      ["CairnCommands", "cairn"], "an options struct that CairnCommands fills in"
    ),
  ]

  /// Modules that come with the toolchain and may be imported anywhere, subject to the bans.
  static let toolchain: Set<String> = [
    "Swift", "Glibc", "Musl", "Synchronization", "Dispatch", "Foundation", "FoundationEssentials",
  ]

  static func isEngine(_ target: String) -> Bool {
    layers[target].map { $0 <= engineTop } ?? false
  }

  /// The module that a line imports, whatever its attributes, access level and kind.
  static func importedModule(in line: Substring) -> Substring? {
    let pattern =
      /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:package|internal|public|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/
    return line.firstMatch(of: pattern)?.1
  }

  /// Imports of `file` that break the layering, or that `declared` (the manifest's dependencies of
  /// its target) does not have.
  static func findings(in file: SourceFile, declared: Set<String>) -> [Finding] {
    file.code.compactMap { number, text in
      guard let module = importedModule(in: text).map(String.init),
        let advice = objection(to: module, from: file.target, declared: declared)
      else { return nil }
      return Finding(path: file.path, line: number, advice: advice)
    }
  }

  private static func objection(
    to module: String, from target: String, declared: Set<String>
  ) -> String? {
    guard let own = layers[target] else {
      return "\(target) has no layer: give it one in Tests/TidyTests/Layering.swift"
    }
    if let rule = confined[module], !rule.owners.contains(target) {
      return "\(target) must not import \(module): use \(rule.instead)"
    }
    if let other = layers[module] {
      let isAllowed = other < own || neighbours[target, default: []].contains(module)
      if !isAllowed {
        return "\(target) (layer \(own)) must not import \(module) (layer \(other)): "
          + "take what you need as a parameter or a protocol from a lower layer, "
          + "or move the code up"
      }
    }
    if !toolchain.contains(module), !declared.contains(module) {
      return "\(target) imports \(module) but does not depend on it: "
        + "add it to the target in Package.swift"
    }
    return nil
  }

  /// target → quoted names among its dependencies, read from the manifest's text.
  static func declaredDependencies(manifest: String) -> [String: Set<String>] {
    let pattern =
      /(?:layer\(|target\(\s*name:|Target\(\s*name:)\s*"(\w+)"\s*,\s*(?:dependencies:\s*)?(\w+\s*\+\s*)?\[(.*?)\]/
      .dotMatchesNewlines()
    // Lists that several targets share: `let name: [Target.Dependency] = [...]`.
    let list = /let (\w+): \[Target\.Dependency\] = \[(.*?)\]/.dotMatchesNewlines()
    var shared: [String: Set<String>] = [:]
    for match in manifest.matches(of: list) {
      shared[String(match.1)] = quoted(match.2)
    }
    var declared: [String: Set<String>] = [:]
    for match in manifest.matches(of: pattern) {
      let name = match.2.map { String($0.prefix { $0.isLetter }) }
      declared[String(match.1)] = quoted(match.3).union(name.flatMap { shared[$0] } ?? [])
    }
    return declared
  }

  private static func quoted(_ text: Substring) -> Set<String> {
    Set(text.matches(of: /"([\w-]+)"/).map { String($0.1) })
  }
}
