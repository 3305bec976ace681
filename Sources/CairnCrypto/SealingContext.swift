internal import COpenSSL
package import CairnCore

/// AES-256-GCM under the key of one stored object.
///
/// Each object draws a random 32-byte salt; HKDF of the key of its kind with that salt gives 64
/// bytes: the AES key and a **key commitment** that is stored beside the salt and compared before
/// anything is decrypted, since GCM itself doesn't commit to its key. The nonce is the ordinal of
/// the message within the object, so it can't repeat under one key.
///
/// One context is kept for all messages of the object (a new one costs as much as sealing 4 KiB).
/// Not for use from two threads at once.
package final class SealingContext {
  /// Authentication tag, bytes; it follows the ciphertext.
  package static let tagByteCount = 16

  package let salt: Digest
  package let commitment: Digest
  private let context: OpaquePointer
  private let isSealing: Bool

  private init(kindKey: SecretBytes, salt: Digest, isSealing: Bool) {
    self.salt = salt
    self.isSealing = isSealing
    let material = HKDF.derive(
      from: kindKey, salt: salt.bytes, info: "cairn object key v1", count: 64)
    commitment = material.withUnsafeBytes { Digest(loading: $0.baseAddress! + 32) }
    guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("out of memory") }
    self.context = context
    let status = material.withUnsafeBytes { key in
      EVP_CipherInit_ex(
        context, EVP_aes_256_gcm(), nil, key.assumingMemoryBound(to: UInt8.self).baseAddress, nil,
        isSealing ? 1 : 0)
    }
    precondition(status == 1, "OpenSSL has no AES-256-GCM")
  }

  deinit {
    EVP_CIPHER_CTX_free(context)
  }

  /// For a new object, with a salt of its own.
  package static func forSealing(kindKey: SecretBytes) throws(CairnError) -> SealingContext {
    let salt = Digest(try RandomBytes.make(32))!
    return SealingContext(kindKey: kindKey, salt: salt, isSealing: true)
  }

  /// For a key slot, whose salt the password was hashed with as well; it must be fresh.
  package static func forSealing(kindKey: SecretBytes, freshSalt: Digest) -> SealingContext {
    SealingContext(kindKey: kindKey, salt: freshSalt, isSealing: true)
  }

  /// For an object read from a store, whose header names `salt`.
  package static func forOpening(kindKey: SecretBytes, salt: Digest) -> SealingContext {
    SealingContext(kindKey: kindKey, salt: salt, isSealing: false)
  }

  /// Encrypts `count` bytes at `source` to `destination` (which may be the same), and puts the
  /// tag behind them: `destination` has room for `count + tagByteCount`.
  package func seal(
    _ source: UnsafeRawPointer, count: Int, to destination: UnsafeMutableRawPointer,
    ordinal: UInt32, additionalData: UnsafeRawBufferPointer
  ) {
    precondition(isSealing, "this context opens")
    begin(ordinal: ordinal, additionalData: additionalData)
    var length: Int32 = 0
    var status = EVP_CipherUpdate(
      context, destination.assumingMemoryBound(to: UInt8.self), &length,
      source.assumingMemoryBound(to: UInt8.self), Int32(count))
    precondition(status == 1 && Int(length) == count, "AES-GCM is a stream cipher")
    status = EVP_CipherFinal_ex(
      context, destination.assumingMemoryBound(to: UInt8.self) + count, &length)
    precondition(status == 1 && length == 0)
    status = EVP_CIPHER_CTX_ctrl(
      context, EVP_CTRL_AEAD_GET_TAG, Int32(SealingContext.tagByteCount), destination + count)
    precondition(status == 1)
  }

  /// Decrypts `count` bytes (without the tag, which follows them) at `source` to `destination`,
  /// which may be the same. `false` when the tag doesn't match: then what is in `destination`
  /// must not be used.
  package func open(
    _ source: UnsafeRawPointer, count: Int, to destination: UnsafeMutableRawPointer,
    ordinal: UInt32, additionalData: UnsafeRawBufferPointer
  ) -> Bool {
    precondition(!isSealing, "this context seals")
    begin(ordinal: ordinal, additionalData: additionalData)
    var length: Int32 = 0
    let updated = EVP_CipherUpdate(
      context, destination.assumingMemoryBound(to: UInt8.self), &length,
      source.assumingMemoryBound(to: UInt8.self), Int32(count))
    precondition(updated == 1 && Int(length) == count, "AES-GCM is a stream cipher")
    EVP_CIPHER_CTX_ctrl(
      context, EVP_CTRL_AEAD_SET_TAG, Int32(SealingContext.tagByteCount),
      UnsafeMutableRawPointer(mutating: source + count))
    return EVP_CipherFinal_ex(
      context, destination.assumingMemoryBound(to: UInt8.self) + count, &length) == 1
  }

  private func begin(ordinal: UInt32, additionalData: UnsafeRawBufferPointer) {
    withUnsafeTemporaryAllocation(byteCount: 12, alignment: 4) { nonce in
      nonce.initializeMemory(as: UInt8.self, repeating: 0)
      nonce.storeBytes(of: ordinal.littleEndian, as: UInt32.self)
      let status = EVP_CipherInit_ex(
        context, nil, nil, nil, nonce.assumingMemoryBound(to: UInt8.self).baseAddress, -1)
      precondition(status == 1)
    }
    if additionalData.count > 0 {
      var length: Int32 = 0
      let status = EVP_CipherUpdate(
        context, nil, &length, additionalData.assumingMemoryBound(to: UInt8.self).baseAddress,
        Int32(additionalData.count))
      precondition(status == 1)
    }
  }
}
