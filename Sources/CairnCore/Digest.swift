/// A 32-byte value in the order it has on disk, held in four machine words so that it lives in
/// registers, hashes cheaply and never touches the heap.
///
/// It is the storage of every identifier that comes from SHA-256: ``ChunkID`` and ``ObjectName``.
package struct Digest: Hashable, Sendable, BitwiseCopyable {
  package static let byteCount = 32

  private var words: (UInt64, UInt64, UInt64, UInt64)

  /// All bits zero.
  package init() {
    words = (0, 0, 0, 0)
  }

  /// Reads 32 bytes; `bytes` need not be aligned.
  package init(loading bytes: UnsafeRawPointer) {
    words = (
      bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
      bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
      bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
      bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    )
  }

  /// `nil` unless `bytes` holds exactly 32 bytes.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Digest.byteCount else { return nil }
    let array = [UInt8](bytes)
    self = array.withUnsafeBytes { Digest(loading: $0.baseAddress!) }
  }

  /// Parses 64 lower-case hexadecimal digits; `nil` for anything else.
  package init?(hex: some StringProtocol) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes)
  }

  /// Writes the 32 bytes to `destination`, which need not be aligned.
  package func store(to destination: UnsafeMutableRawPointer) {
    destination.storeBytes(of: words.0, toByteOffset: 0, as: UInt64.self)
    destination.storeBytes(of: words.1, toByteOffset: 8, as: UInt64.self)
    destination.storeBytes(of: words.2, toByteOffset: 16, as: UInt64.self)
    destination.storeBytes(of: words.3, toByteOffset: 24, as: UInt64.self)
  }

  package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    Swift.withUnsafeBytes(of: words, body)
  }

  package var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  package var hex: String { withUnsafeBytes { Hex.encode($0) } }

  /// The first eight bytes as a machine word: uniformly distributed, so it serves as a hash.
  package var prefixWord: UInt64 { words.0 }

  package static func == (a: Digest, b: Digest) -> Bool {
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2)
      | (a.words.3 ^ b.words.3) == 0
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
  }
}

extension Digest: Comparable {
  /// Order of the bytes on disk, as `memcmp` has it.
  package static func < (a: Digest, b: Digest) -> Bool {
    if a.words.0 != b.words.0 { return a.words.0.bigEndian < b.words.0.bigEndian }
    if a.words.1 != b.words.1 { return a.words.1.bigEndian < b.words.1.bigEndian }
    if a.words.2 != b.words.2 { return a.words.2.bigEndian < b.words.2.bigEndian }
    return a.words.3.bigEndian < b.words.3.bigEndian
  }
}
