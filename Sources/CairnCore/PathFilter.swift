/// Which paths an operation leaves out: patterns to exclude and, if there are any, patterns to
/// include, over raw bytes; ``PathPattern`` describes the language.
///
/// The last pattern that matches a path decides, so `!` takes back an earlier one; but nothing
/// below an excluded directory comes back. A filter never changes and may be used from any thread.
package struct PathFilter: Sendable {
  private let exclusions: [PathPattern]
  private let inclusions: [PathPattern]

  package init(excludes: [String] = [], includes: [String] = []) {
    self.init(
      excludeBytes: excludes.map { [UInt8]($0.utf8) },
      includeBytes: includes.map { [UInt8]($0.utf8) })
  }

  /// The same for patterns that need not be UTF-8. Empty patterns are passed over.
  package init(excludeBytes: [[UInt8]], includeBytes: [[UInt8]] = []) {
    exclusions = excludeBytes.compactMap { PathPattern($0) }
    inclusions = includeBytes.compactMap { PathPattern($0) }
  }

  /// Whether it excludes nothing.
  package var isEmpty: Bool { exclusions.isEmpty && inclusions.isEmpty }

  /// Whether `path`, absolute, is left out: by a pattern, by lying below an excluded directory, or
  /// because there are includes and it is neither one, nor below one, nor a directory that may
  /// lead to one.
  package func excludes(_ path: [UInt8], isDirectory: Bool) -> Bool {
    if isEmpty { return false }
    return PathFilter.withComponents(of: path) { components in
      if isExcluded(components, isDirectory: isDirectory) { return true }
      if inclusions.isEmpty || isIncluded(components, isDirectory: isDirectory) { return false }
      return !(isDirectory && mayLead(components))
    }
  }

  /// Whether the directory at `path`, absolute, can hold anything that the includes let through;
  /// always true without includes.
  package func mayContainIncluded(directory path: [UInt8]) -> Bool {
    if inclusions.isEmpty { return true }
    return PathFilter.withComponents(of: path) { components in
      isIncluded(components, isDirectory: true) || mayLead(components)
    }
  }

  private func isExcluded(_ components: [UnsafeRawBufferPointer], isDirectory: Bool) -> Bool {
    if exclusions.isEmpty { return false }
    for count in 0...components.count {
      let isAncestor = count < components.count
      let last = exclusions.last {
        (isAncestor || isDirectory || !$0.isDirectoryOnly) && $0.matches(components[..<count])
      }
      if let last, !last.isNegated { return true }
    }
    return false
  }

  private func isIncluded(_ components: [UnsafeRawBufferPointer], isDirectory: Bool) -> Bool {
    var isIncluded = false
    for count in 0...components.count {
      let isAncestor = count < components.count
      let last = inclusions.last {
        (isAncestor || isDirectory || !$0.isDirectoryOnly) && $0.matches(components[..<count])
      }
      if let last { isIncluded = !last.isNegated }
    }
    return isIncluded
  }

  private func mayLead(_ components: [UnsafeRawBufferPointer]) -> Bool {
    inclusions.contains { !$0.isNegated && $0.mayMatchBelow(components[...]) }
  }

  /// Empty components (`//`) count for nothing.
  fileprivate static func withComponents<R>(
    of path: [UInt8], _ body: ([UnsafeRawBufferPointer]) -> R
  ) -> R {
    path.withUnsafeBytes { bytes in
      var components: [UnsafeRawBufferPointer] = []
      var start = 0
      for index in 0...bytes.count
      where index == bytes.count || bytes[index] == UInt8(ascii: "/") {
        if index > start {
          components.append(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
        }
        start = index + 1
      }
      return body(components)
    }
  }
}

/// One pattern for looking things up by name; ``PathPattern`` describes the language.
package struct PathQuery: Sendable {
  private let pattern: PathPattern

  /// `nil` for an empty pattern.
  package init?(_ text: [UInt8]) {
    guard let pattern = PathPattern(text) else { return nil }
    self.pattern = pattern
  }

  /// Whether `path`, absolute, itself is meant; what lies below a match is not.
  package func matches(_ path: [UInt8], isDirectory: Bool) -> Bool {
    guard isDirectory || !pattern.isDirectoryOnly else { return false }
    let found = PathFilter.withComponents(of: path) { pattern.matches($0[...]) }
    return found != pattern.isNegated
  }
}
