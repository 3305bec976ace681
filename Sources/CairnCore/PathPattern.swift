/// One pattern of a ``PathFilter``, in the manner of gitignore, over raw bytes.
///
/// - Without a `/` it matches any component of a path: `*.o`.
/// - With a leading `/` it is anchored at the root: `/var/tmp`.
/// - With an inner `/` it matches any trailing run of components: `target/debug`.
/// - `**` stands for any number of components: `/home/**/cache`; at the end for everything below.
/// - With a trailing `/` it matches directories only; a leading `!` takes back what an earlier
///   pattern matched; `\` escapes.
struct PathPattern: Sendable {
  private enum Segment: Sendable {
    case component(ComponentGlob)
    /// `**`: any number of components, none included.
    case anyDepth
  }

  private let segments: [Segment]
  let isDirectoryOnly: Bool
  let isNegated: Bool

  /// `nil` for an empty pattern.
  init?(_ text: [UInt8]) {
    var text = text[...]
    isNegated = text.first == UInt8(ascii: "!")
    if isNegated { text = text.dropFirst() }
    guard !text.isEmpty else { return nil }
    let slash = UInt8(ascii: "/")
    isDirectoryOnly = text.last == slash
    let isAnchored = text.first == slash
    let any = ComponentGlob([UInt8(ascii: "*")])
    var segments: [Segment] = isAnchored ? [] : [.anyDepth]
    for component in text.split(separator: slash) {
      if component.elementsEqual([UInt8(ascii: "*"), UInt8(ascii: "*")]) {
        if case .anyDepth = segments.last { continue }
        segments.append(.anyDepth)
      } else {
        segments.append(.component(ComponentGlob(component)))
      }
    }
    // `a/**` is everything below `a`, not `a` itself.
    if case .anyDepth = segments.last { segments.append(.component(any)) }
    self.segments = segments
  }

  /// Whether the path of `components` itself matches. Greedy like ``ComponentGlob``: only the last
  /// `**` is tried again.
  func matches(_ components: ArraySlice<UnsafeRawBufferPointer>) -> Bool {
    var segment = 0
    var position = components.startIndex
    var retrySegment = -1
    var retryPosition = position
    while true {
      if segment < segments.count {
        switch segments[segment] {
        case .anyDepth:
          segment += 1
          retrySegment = segment
          retryPosition = position
          continue
        case .component(let glob):
          if position < components.endIndex, glob.matches(components[position]) {
            segment += 1
            position += 1
            continue
          }
        }
      } else if position == components.endIndex {
        return true
      }
      guard retrySegment >= 0, retryPosition < components.endIndex else { return false }
      retryPosition += 1
      segment = retrySegment
      position = retryPosition
    }
  }

  /// Whether something below the directory of `components` could match.
  func mayMatchBelow(_ components: ArraySlice<UnsafeRawBufferPointer>) -> Bool {
    var position = components.startIndex
    for segment in segments {
      switch segment {
      case .anyDepth: return true
      case .component(let glob):
        guard position < components.endIndex else { return true }
        guard glob.matches(components[position]) else { return false }
        position += 1
      }
    }
    return false
  }
}
