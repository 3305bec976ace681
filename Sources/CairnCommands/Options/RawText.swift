import ArgumentParser
import CairnCore
import CairnSystem

/// A command-line argument whose bytes matter: a path, a pattern, the name of a snapshot.
///
/// The parser takes strings, which are Unicode, while arguments are bytes. So each byte that is not
/// UTF-8 becomes a character of a private range before parsing, and a byte again here. Characters
/// that are of this range themselves are treated byte by byte, so that nothing is ambiguous.
struct RawText: ExpressibleByArgument, Hashable, Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  init?(argument: String) {
    let bytes = RawText.decode(argument)
    // The system can't pass a NUL, but a configuration could.
    guard !bytes.contains(0) else { return nil }
    self.bytes = bytes
  }

  var path: RawPath { RawPath(bytes) }

  /// For people.
  var displayText: String { path.displayText }

  /// The path from the root: relative ones lie in the working directory. `.` and empty components
  /// are dropped; `..` is resolved by name, as `cd` does.
  func absolutePath(workingDirectory: RawPath) -> RawPath {
    let start = path.isAbsolute ? [] : workingDirectory.components
    var components: [RawPath] = start
    for component in path.components where component != .current {
      if component == ".." {
        _ = components.popLast()
      } else {
        components.append(component)
      }
    }
    return components.reduce(RawPath("/")) { $0.appending($1) }
  }

  /// First character of the private range: plane 16, which nobody else is likely to use.
  private static let base: UInt32 = 0x10_ff00 - 0x100
  private static let range = base..<(base + 0x100)

  /// The arguments of this process after its name.
  static func arguments() -> [String] {
    let count = Int(CommandLine.argc)
    return (1..<max(1, count)).compactMap { index in
      CommandLine.unsafeArgv[index].map { argument in
        var length = 0
        while argument[length] != 0 { length += 1 }
        return encode(UnsafeRawBufferPointer(start: argument, count: length))
      }
    }
  }

  /// `bytes` as the text that the parser sees.
  static func encode(_ bytes: UnsafeRawBufferPointer) -> String {
    if !bytes.contains(where: { $0 >= 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    var text = ""
    var rest = bytes[...]
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
      let piece = rest.prefix(length)
      if let decoded = String(validating: piece, as: UTF8.self),
        decoded.unicodeScalars.count == 1, let scalar = decoded.unicodeScalars.first,
        !range.contains(scalar.value)
      {
        text.unicodeScalars.append(scalar)
        rest = rest.dropFirst(piece.count)
      } else if let scalar = Unicode.Scalar(base + UInt32(first)) {
        text.unicodeScalars.append(scalar)
        rest = rest.dropFirst()
      }
    }
    return text
  }

  /// The bytes that `text` stands for.
  static func decode(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if range.contains(scalar.value) {
        bytes.append(UInt8(scalar.value - base))
      } else {
        bytes.append(contentsOf: Array(String(scalar).utf8))
      }
    }
    return bytes
  }

  /// Text that may hold stand-ins for bytes, for people; line ends stay.
  static func displayText(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { range.contains($0.value) }) else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      decode(String(line)).withUnsafeBytes { RawPath.displayText($0) }
    }.joined(separator: "\n")
  }
}
