internal import CArgon2
package import CairnCore

/// Argon2id (RFC 9106): turns a password into a key-encryption key, slowly and in much memory.
package struct PasswordHash: Hashable, Sendable, Codable {
  /// Passes over the memory.
  package var iterations: UInt32
  /// Memory in KiB.
  package var memoryKiB: UInt32
  /// Lanes.
  package var parallelism: UInt32

  package init(iterations: UInt32, memoryKiB: UInt32, parallelism: UInt32) {
    self.iterations = iterations
    self.memoryKiB = memoryKiB
    self.parallelism = parallelism
  }

  /// The second recommendation of RFC 9106, section 4: t = 3, m = 64 MiB, p = 4.
  package static let standard = PasswordHash(iterations: 3, memoryKiB: 65_536, parallelism: 4)

  /// For key slots that guard more: t = 3, m = 256 MiB, p = 4.
  package static let strong = PasswordHash(iterations: 3, memoryKiB: 262_144, parallelism: 4)

  /// Parameters come from the repository before anything is authenticated: too weak would help
  /// whoever planted them, too strong would exhaust this machine.
  package func validate() throws(CairnError) {
    guard (1...64).contains(iterations), (19_456...4_194_304).contains(memoryKiB),
      (1...64).contains(parallelism)
    else {
      throw CairnError.damaged(
        "key slot asks for Argon2id with t=\(iterations), m=\(memoryKiB) KiB, p=\(parallelism),"
          + " outside the limits this program accepts")
    }
  }

  /// 32 bytes. Takes 0.1 to some seconds and ``memoryKiB`` of memory.
  package func key(password: SecretBytes, salt: [UInt8]) throws(CairnError) -> SecretBytes {
    try validate()
    return try SecretBytes(count: 32) { (output) throws(CairnError) in
      let status = password.withUnsafeBytes { password in
        salt.withUnsafeBytes { salt in
          argon2id_hash_raw(
            iterations, memoryKiB, parallelism, password.baseAddress, password.count,
            salt.baseAddress, salt.count, output.baseAddress, output.count)
        }
      }
      guard status == 0 else {  // ARGON2_OK
        throw CairnError(
          .failed,
          "password hashing failed: \(String(cString: argon2_error_message(status)))"
            + " (it needs \(memoryKiB / 1024) MiB of memory)")
      }
    }
  }
}
