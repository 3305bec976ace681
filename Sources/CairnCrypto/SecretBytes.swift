internal import COpenSSL
package import CairnCore

/// Key material. The memory is wiped when the last reference goes; it is never printed, copied
/// into an array or written anywhere but through ``withUnsafeBytes(_:)``.
package final class SecretBytes: Sendable {
  package let count: Int
  // Written only before init returns; read-only afterwards, hence safe to share.
  nonisolated(unsafe) private let memory: UnsafeMutableRawBufferPointer

  /// `fill` writes exactly `count` bytes.
  package init<E: Error>(
    count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    self.count = count
    memory = .allocate(byteCount: max(count, 1), alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    try fill(UnsafeMutableRawBufferPointer(rebasing: memory[0..<count]))
  }

  /// Copies `bytes`; the caller's copy is the caller's to wipe.
  package convenience init(copying bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
  }

  deinit {
    OPENSSL_cleanse(memory.baseAddress, memory.count)
    memory.deallocate()
  }

  /// New key material from the operating system's generator.
  package static func random(count: Int = 32) throws(CairnError) -> SecretBytes {
    try SecretBytes(count: count) { (buffer) throws(CairnError) in
      guard
        RAND_priv_bytes(buffer.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(count)) == 1
      else { throw CairnError(.failed, "the system's random generator failed") }
    }
  }

  package func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeRawBufferPointer(rebasing: memory[0..<count]))
  }

  /// Compares in constant time.
  package func equals(_ other: SecretBytes) -> Bool {
    count == other.count && CRYPTO_memcmp(memory.baseAddress, other.memory.baseAddress, count) == 0
  }
}

/// Public randomness: salts and identifiers.
package enum RandomBytes {
  package static func make(_ count: Int) throws(CairnError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, Int32(count)) == 1 else {
      throw CairnError(.failed, "the system's random generator failed")
    }
    return bytes
  }
}
