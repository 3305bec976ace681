/// A glob for one component of a path: `*`, `?`, `[a-z]`, `[!a]` and `\` to escape, over raw bytes.
///
/// `?` and classes take one UTF-8 character, or one byte where the bytes are not UTF-8. Matching
/// takes at most (length of the pattern) × (length of the name) steps.
struct ComponentGlob: Sendable {
  private enum Form: Sendable {
    /// No wildcard at all: the common case, one comparison.
    case literal([UInt8])
    /// `*` alone.
    case anything
    case tokens([Token])
  }

  private struct Token: BitwiseCopyable, Sendable {
    enum Kind: UInt8 {
      case byte, one, any, oneOf, noneOf
    }
    var kind: Kind
    var byte: UInt8 = 0
    /// Which of ``classes``.
    var classIndex = 0
  }

  private let form: Form
  private let classes: [[ClosedRange<UInt32>]]

  /// Every text is a pattern: what is not a wildcard stands for itself, an unclosed `[` too.
  init(_ pattern: some Collection<UInt8>) {
    let pattern = [UInt8](pattern)
    var tokens: [Token] = []
    var classes: [[ClosedRange<UInt32>]] = []
    var index = 0
    while index < pattern.count {
      let byte = pattern[index]
      index += 1
      switch byte {
      case UInt8(ascii: "*"):
        if tokens.last?.kind != .any { tokens.append(Token(kind: .any)) }
      case UInt8(ascii: "?"):
        tokens.append(Token(kind: .one))
      case UInt8(ascii: "["):
        if let found = ComponentGlob.parseClass(pattern, from: index) {
          tokens.append(
            Token(kind: found.isNegated ? .noneOf : .oneOf, classIndex: classes.count))
          classes.append(found.ranges)
          index = found.end
        } else {
          tokens.append(Token(kind: .byte, byte: byte))
        }
      case UInt8(ascii: "\\") where index < pattern.count:
        tokens.append(Token(kind: .byte, byte: pattern[index]))
        index += 1
      default:
        tokens.append(Token(kind: .byte, byte: byte))
      }
    }
    self.classes = classes
    if tokens.allSatisfy({ $0.kind == .byte }) {
      form = .literal(tokens.map(\.byte))
    } else if tokens.count == 1, tokens[0].kind == .any {
      form = .anything
    } else {
      form = .tokens(tokens)
    }
  }

  func matches(_ name: UnsafeRawBufferPointer) -> Bool {
    switch form {
    case .literal(let bytes): bytes.count == name.count && bytes.elementsEqual(name)
    case .anything: true
    case .tokens(let tokens): matches(tokens, name)
    }
  }

  /// Greedy: a later `*` makes every choice of the earlier ones irrelevant, so only the last one
  /// is ever tried again.
  private func matches(_ tokens: [Token], _ name: UnsafeRawBufferPointer) -> Bool {
    var token = 0
    var offset = 0
    var retryToken = -1
    var retryOffset = 0
    while true {
      if token < tokens.count, tokens[token].kind == .any {
        token += 1
        retryToken = token
        retryOffset = offset
        continue
      }
      if token == tokens.count, offset == name.count { return true }
      if token < tokens.count, offset < name.count,
        let length = length(of: tokens[token], in: name, at: offset)
      {
        token += 1
        offset += length
        continue
      }
      guard retryToken >= 0, retryOffset < name.count else { return false }
      retryOffset += 1
      token = retryToken
      offset = retryOffset
    }
  }

  /// How many bytes `token` takes at `offset`, `nil` if it does not match there.
  private func length(
    of token: Token, in name: UnsafeRawBufferPointer, at offset: Int
  ) -> Int? {
    if token.kind == .byte { return name[offset] == token.byte ? 1 : nil }
    let (scalar, length) = ComponentGlob.character(in: name, at: offset)
    switch token.kind {
    case .oneOf: return classes[token.classIndex].contains { $0 ~= scalar } ? length : nil
    case .noneOf: return classes[token.classIndex].contains { $0 ~= scalar } ? nil : length
    case .byte, .one, .any: return length
    }
  }

  /// The character at `offset` and its length, bytes. A byte that is not UTF-8 becomes 0xDC00 + byte,
  /// which no character is.
  private static func character(
    in bytes: UnsafeRawBufferPointer, at offset: Int
  ) -> (scalar: UInt32, length: Int) {
    let lead = bytes[offset]
    let length =
      switch lead {
      case ..<0x80: 1
      case 0xc2..<0xe0: 2
      case 0xe0..<0xf0: 3
      case 0xf0..<0xf5: 4
      default: 0
      }
    if length == 1 { return (UInt32(lead), 1) }
    guard length > 0, offset + length <= bytes.count else { return (0xdc00 + UInt32(lead), 1) }
    var scalar = UInt32(lead) & (0x7f >> UInt32(length))
    for index in 1..<length {
      let byte = bytes[offset + index]
      guard byte & 0xc0 == 0x80 else { return (0xdc00 + UInt32(lead), 1) }
      scalar = scalar << 6 | UInt32(byte & 0x3f)
    }
    return (scalar, length)
  }

  /// Parses what follows a `[`; `nil` when no `]` closes it. A `]` that comes first is a member.
  private static func parseClass(
    _ pattern: [UInt8], from start: Int
  ) -> (ranges: [ClosedRange<UInt32>], isNegated: Bool, end: Int)? {
    pattern.withUnsafeBytes { bytes in
      var index = start
      let isNegated =
        index < bytes.count
        && (bytes[index] == UInt8(ascii: "!") || bytes[index] == UInt8(ascii: "^"))
      if isNegated { index += 1 }
      let first = index
      var ranges: [ClosedRange<UInt32>] = []
      func member() -> UInt32? {
        if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\") { index += 1 }
        guard index < bytes.count else { return nil }
        let (scalar, length) = character(in: bytes, at: index)
        index += length
        return scalar
      }
      while index < bytes.count {
        if bytes[index] == UInt8(ascii: "]"), index > first {
          return (ranges, isNegated, index + 1)
        }
        guard let low = member() else { return nil }
        if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "-"),
          bytes[index + 1] != UInt8(ascii: "]")
        {
          index += 1
          guard let high = member() else { return nil }
          // A range the wrong way round holds nothing, as in a shell.
          if low <= high { ranges.append(low...high) }
        } else {
          ranges.append(low...low)
        }
      }
      return nil
    }
  }
}
