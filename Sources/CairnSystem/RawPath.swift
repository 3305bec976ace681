/// A path or the name of one directory entry, as Linux has it: bytes without NUL, of no particular
/// encoding. Comparing is by bytes, like `memcmp`.
package struct RawPath: Hashable, Sendable, Comparable {
  /// The bytes, without a terminator.
  package let bytes: [UInt8]

  /// `bytes` must not hold a NUL; what comes from outside is checked with ``init(validating:)``.
  package init(_ bytes: [UInt8]) {
    precondition(!bytes.contains(0), "a path holds no NUL")
    self.bytes = bytes
  }

  /// `text` in UTF-8.
  package init(_ text: String) {
    self.init([UInt8](text.utf8))
  }

  /// `nil` when `bytes` holds a NUL.
  package init?(validating bytes: [UInt8]) {
    guard !bytes.contains(0) else { return nil }
    self.bytes = bytes
  }

  /// `.`
  package static let current = RawPath([UInt8(ascii: ".")])

  /// Whether it begins with a slash.
  package var isAbsolute: Bool { bytes.first == slash }

  /// Whether it is the name of one entry: neither empty, `.`, `..` nor holding a slash. Names
  /// that come out of a repository must pass this before anything is created with them.
  package var isEntryName: Bool {
    !bytes.isEmpty && !bytes.contains(slash) && bytes != [dot] && bytes != [dot, dot]
  }

  /// The names between the slashes, empty ones left out.
  package var components: [RawPath] {
    bytes.split(separator: slash).map { RawPath([UInt8]($0)) }
  }

  /// The path without its last component: `.` for a lone name, `/` for what lies in the root.
  package var parent: RawPath {
    var end = bytes.count
    while end > 1, bytes[end - 1] == slash { end -= 1 }
    while end > 0, bytes[end - 1] != slash { end -= 1 }
    if end == 0 { return .current }
    while end > 1, bytes[end - 1] == slash { end -= 1 }
    return RawPath([UInt8](bytes[..<end]))
  }

  /// The last component; empty for `/` and the empty path.
  package var lastComponent: RawPath {
    components.last ?? RawPath([])
  }

  /// This path, a slash where one is needed, and `name`.
  package func appending(_ name: RawPath) -> RawPath {
    if bytes.isEmpty { return name }
    var joined = bytes
    if joined.last != slash { joined.append(slash) }
    joined.append(contentsOf: name.bytes)
    return RawPath(joined)
  }

  /// For people; see ``displayText(_:)``.
  package var displayText: String {
    bytes.withUnsafeBytes { RawPath.displayText($0) }
  }

  /// For people: the text where the bytes are UTF-8; other bytes and control characters as `\xNN`.
  package static func displayText(_ bytes: UnsafeRawBufferPointer) -> String {
    if !bytes.contains(where: { $0 < 0x20 || $0 >= 0x7f }) {
      return String(decoding: bytes, as: UTF8.self)
    }
    var text = ""
    var rest = bytes[...]
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
      if let decoded = String(validating: rest.prefix(length), as: UTF8.self),
        decoded.unicodeScalars.count == 1, let scalar = decoded.unicodeScalars.first,
        scalar.value >= 0x20, !(0x7f...0x9f).contains(scalar.value)
      {
        text.unicodeScalars.append(scalar)
        rest = rest.dropFirst(length)
      } else {
        text += "\\x" + (first < 16 ? "0" : "") + String(first, radix: 16)
        rest = rest.dropFirst()
      }
    }
    return text
  }

  /// Calls `body` with the bytes and a NUL; the memory is good during the call only.
  @inline(__always)
  package func withCString<R, E: Error>(
    _ body: (UnsafePointer<CChar>) throws(E) -> R
  ) throws(E) -> R {
    let outcome: Result<R, E> = withUnsafeTemporaryAllocation(
      byteCount: bytes.count + 1, alignment: 1
    ) { buffer in
      buffer.copyBytes(from: bytes)
      buffer[bytes.count] = 0
      let start = UnsafePointer(buffer.baseAddress!.assumingMemoryBound(to: CChar.self))
      do throws(E) {
        return .success(try body(start))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  package static func < (a: RawPath, b: RawPath) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes)
  }

  private var slash: UInt8 { UInt8(ascii: "/") }
  private var dot: UInt8 { UInt8(ascii: ".") }
}

extension RawPath: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(text) }
}

extension RawPath: CustomStringConvertible {
  package var description: String { displayText }
}
