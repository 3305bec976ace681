internal import CairnSystem

/// The source paths as a tree: directories that lead to sources, and the sources themselves. A
/// source below another one is part of it.
final class SourceRoots: @unchecked Sendable {
  // Unchecked: complete before another thread sees it.
  let name: [UInt8]
  let path: [UInt8]
  private(set) var isWalked = false
  private var children: [[UInt8]: SourceRoots] = [:]

  private init(name: [UInt8], path: [UInt8]) {
    self.name = name
    self.path = path
  }

  /// `paths` are absolute; `.` and doubled slashes in them don't matter.
  convenience init(_ paths: [RawPath]) {
    self.init(name: [], path: [UInt8(ascii: "/")])
    for path in paths {
      precondition(path.isAbsolute, "source paths are absolute")
      var place = self
      for component in path.components where component != .current {
        if place.isWalked { break }
        place = place.child(component.bytes)
      }
      place.isWalked = true
      place.children = [:]
    }
  }

  private func child(_ name: [UInt8]) -> SourceRoots {
    if let child = children[name] { return child }
    let separator = path.count == 1 ? [] : [UInt8(ascii: "/")]
    let child = SourceRoots(name: name, path: path + separator + name)
    children[name] = child
    return child
  }

  var sortedChildren: [SourceRoots] {
    children.values.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  /// The sources at or below this place.
  var walkedPaths: [[UInt8]] {
    isWalked ? [path] : sortedChildren.flatMap(\.walkedPaths)
  }
}
