internal import COpenSSL
package import CairnCore

/// SHA-256 of one message that arrives in pieces (the name of a pack while it is written).
/// For many messages at once use ``ChunkHasher``.
package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  package init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("OpenSSL has no SHA-256")
    }
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  package consuming func finalize() -> Digest {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
      EVP_DigestFinal_ex(context, digest.assumingMemoryBound(to: UInt8.self).baseAddress, nil)
      return Digest(loading: digest.baseAddress!)
    }
  }

  package static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
    var state = SHA256()
    state.update(bytes)
    return state.finalize()
  }

  package static func hash(_ bytes: [UInt8]) -> Digest {
    bytes.withUnsafeBytes { hash($0) }
  }
}

extension ObjectName {
  /// The name of an object with this content.
  package init(of bytes: [UInt8]) {
    self.init(SHA256.hash(bytes))
  }
}
