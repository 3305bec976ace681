import CairnCore
import CairnObjectStore

/// What people call the place of a repository: a path or a URL.
enum StoreLocation: Hashable, Sendable {
  case directory(String)

  init(_ text: String) throws(CairnError) {
    guard !text.isEmpty else { throw CairnError(.usage, "the repository's place is empty") }
    guard let mark = text.range(of: "://"), StoreLocation.isScheme(text[..<mark.lowerBound]) else {
      guard !RawText.decode(text).contains(0), RawText.decode(text).elementsEqual(text.utf8) else {
        throw CairnError(.usage, "the repository's path must be UTF-8")
      }
      self = .directory(text)
      return
    }
    let scheme = text[..<mark.lowerBound].lowercased()
    let rest = text[mark.upperBound...]
    switch scheme {
    case "file":
      // file://host/path names another machine.
      guard rest.hasPrefix("/") || rest.hasPrefix("localhost/") else {
        throw CairnError(.usage, "\(text) should read file:///path")
      }
      let path = rest[rest.firstIndex(of: "/")!...]
      guard let decoded = StoreLocation.decodingPercents(path) else {
        throw CairnError(.usage, "\(text) is not a proper URL")
      }
      self = .directory(decoded)
    case "sftp", "s3":
      throw CairnError(
        .usage, "this version of cairn has no \(scheme) store yet; use a path or file:///path")
    default:
      throw CairnError(.usage, "cairn knows no store of the kind \(scheme)://")
    }
  }

  func makeStore() -> any ObjectStore {
    switch self {
    case .directory(let path): DirectoryStore(path: path)
    }
  }

  private static func isScheme(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, (0x61...0x7a).contains(first | 0x20) else { return false }
    return text.utf8.allSatisfy {
      (0x61...0x7a).contains($0 | 0x20) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0)
    }
  }

  private static func decodingPercents(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self).lowercased()
      guard let value = Hex.decode(digits), value.count == 1, value[0] != 0 else { return nil }
      bytes.append(value[0])
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension String {
  /// The first place where `text` stands.
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
