package import CairnCore

/// The master key wrapped by one password or key file: JSON, named by its SHA-256 like any object.
///
/// The wrapped secret is the 32-byte master key followed by the 32-byte deduplication secret,
/// sealed with AES-256-GCM under HKDF(password hash); everything else in the record is its
/// additional data.
package struct KeySlotRecord: Hashable, Sendable, Codable {
  package var version: Int
  /// Must equal the config's id.
  package var repository: String
  /// Always `argon2id`.
  package var kdf: String
  package var iterations: UInt32
  package var memoryKiB: UInt32
  package var parallelism: UInt32
  /// 64 hexadecimal digits.
  package var salt: Digest
  /// Tells a wrong password from damage before anything is decrypted.
  package var commitment: Digest
  /// Unix seconds.
  package var created: Int64
  /// For people, such as the host it was made on.
  package var label: String
  /// Hexadecimal: 64 bytes of ciphertext and the 16-byte tag.
  package var wrapped: String

  package init(
    repository: String, iterations: UInt32, memoryKiB: UInt32, parallelism: UInt32, salt: Digest,
    commitment: Digest, created: Int64, label: String, wrapped: String
  ) {
    version = 1
    self.repository = repository
    kdf = "argon2id"
    self.iterations = iterations
    self.memoryKiB = memoryKiB
    self.parallelism = parallelism
    self.salt = salt
    self.commitment = commitment
    self.created = created
    self.label = label
    self.wrapped = wrapped
  }

  /// What is authenticated along with the wrapped key: the record without it.
  package func additionalData() throws(CairnError) -> [UInt8] {
    var copy = self
    copy.wrapped = ""
    return try JSONRecord.encode(copy)
  }
}
