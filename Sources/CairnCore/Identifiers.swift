/// An identifier that is a SHA-256 sized value. Each kind is a type of its own, so that a chunk
/// can't be looked up by the name of a pack.
package protocol DigestIdentifier: Hashable, Comparable, Sendable, BitwiseCopyable,
  CustomStringConvertible
{
  var digest: Digest { get }
  init(_ digest: Digest)
}

extension DigestIdentifier {
  package init?(hex: some StringProtocol) {
    guard let digest = Digest(hex: hex) else { return nil }
    self.init(digest)
  }

  package init(loading bytes: UnsafeRawPointer) {
    self.init(Digest(loading: bytes))
  }

  package var hex: String { digest.hex }

  /// The eight hexadecimal digits that people see.
  package var short: String { String(digest.hex.prefix(8)) }

  package var description: String { short }

  package static func < (a: Self, b: Self) -> Bool { a.digest < b.digest }
}

/// Names a chunk: HMAC-SHA-256 of its plaintext under the repository's chunk-id key for its kind.
package struct ChunkID: DigestIdentifier {
  package let digest: Digest
  package init(_ digest: Digest) { self.digest = digest }
}

/// Names a stored object: the SHA-256 of the bytes as they are stored.
package struct ObjectName: DigestIdentifier {
  package let digest: Digest
  package init(_ digest: Digest) { self.digest = digest }
}

/// What a chunk holds. The two kinds have different chunk-id keys and lie in different packs.
package enum ChunkKind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  /// Content of files.
  case data = 1
  /// Pages of directories and of long content lists.
  case tree = 2
}
