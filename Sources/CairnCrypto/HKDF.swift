internal import COpenSSL
package import CairnCore

/// HMAC-SHA-256 (RFC 2104) of one message.
package enum HMACSHA256 {
  package static func authenticate(
    _ message: UnsafeRawBufferPointer, key: SecretBytes
  ) -> Digest {
    key.withUnsafeBytes { authenticate(message, key: $0) }
  }

  static func authenticate(
    _ message: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer
  ) -> Digest {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { output in
      let written = HMAC(
        EVP_sha256(), key.baseAddress, Int32(key.count),
        message.assumingMemoryBound(to: UInt8.self).baseAddress, message.count,
        output.assumingMemoryBound(to: UInt8.self).baseAddress, nil)
      precondition(written != nil, "OpenSSL has no HMAC-SHA-256")
      return Digest(loading: output.baseAddress!)
    }
  }
}

/// HKDF with SHA-256 (RFC 5869), built from HMACs: OpenSSL's own interface costs 20 µs a call.
package enum HKDF {
  /// `count` bytes from `key`, bound to `salt` and to the purpose `info`.
  package static func derive(
    from key: SecretBytes, salt: [UInt8], info: String, count: Int
  ) -> SecretBytes {
    precondition(count > 0 && count <= 255 * 32, "HKDF gives at most 255 blocks")
    let extracted = key.withUnsafeBytes { key in
      salt.withUnsafeBytes { HMACSHA256.authenticate(key, key: $0) }
    }
    var pseudorandomKey = extracted
    defer {
      withUnsafeMutableBytes(of: &pseudorandomKey) { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
    return SecretBytes(count: count) { output in
      var block: [UInt8] = []
      var written = 0
      var counter: UInt8 = 1
      while written < count {
        block.append(contentsOf: info.utf8)
        block.append(counter)
        let digest = pseudorandomKey.withUnsafeBytes { key in
          block.withUnsafeBytes { HMACSHA256.authenticate($0, key: key) }
        }
        let part = min(32, count - written)
        digest.withUnsafeBytes {
          output.baseAddress!.advanced(by: written).copyMemory(
            from: $0.baseAddress!, byteCount: part)
        }
        block.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        block = digest.bytes
        written += part
        counter += 1
      }
      block.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
  }
}
