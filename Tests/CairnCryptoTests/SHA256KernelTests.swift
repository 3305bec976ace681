import CCairnKernels
import COpenSSL
import CairnTesting
import Testing

@testable import CairnCrypto

struct SHA256KernelTests {
  static let kernels = HashKernel.allCases.filter(\.isAvailable)

  /// Plain SHA-256, or HMAC if there is a key.
  private static func hash(
    _ kernel: HashKernel, _ messages: [[UInt8]], key: [UInt8]? = nil
  ) -> [[UInt8]] {
    let flat = messages.flatMap { $0 }
    var digests = [UInt8](repeating: 0, count: 32 * messages.count)
    var prepared = cairn_hmac_key()
    if let key { cairn_hmac_prepare(&prepared, key, key.count) }
    withUnsafePointer(to: prepared) { prepared in
      cairn_sha256_run(
        kernel.identifier, key == nil ? nil : prepared, flat, messages.map { UInt32($0.count) },
        messages.count, &digests)
    }
    return (0..<messages.count).map { Array(digests[(32 * $0)..<(32 * $0 + 32)]) }
  }

  private static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap { $0.hexDigitValue }
    return (0..<(digits.count / 2)).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
  }

  @Test(arguments: kernels)
  func `the vectors of NIST hold in every lane`(_ kernel: HashKernel) {
    let vectors: [(String, String)] = [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ]
    for (message, digest) in vectors {
      let copies = [[UInt8]](repeating: Array(message.utf8), count: 40)
      #expect(Self.hash(kernel, copies).allSatisfy { $0 == Self.bytes(digest) })
    }
  }

  @Test(arguments: kernels)
  func `a million letters hash as NIST says`(_ kernel: HashKernel) {
    let million = [UInt8](repeating: 0x61, count: 1_000_000)
    let digest = Self.bytes("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(
      Self.hash(kernel, [[UInt8]](repeating: million, count: 17)).allSatisfy { $0 == digest })
  }

  @Test(arguments: kernels)
  func `the vectors of RFC 4231 hold`(_ kernel: HashKernel) {
    func text(_ string: String) -> [UInt8] { Array(string.utf8) }
    let long = [UInt8](repeating: 0xaa, count: 131)
    let vectors: [(key: [UInt8], message: [UInt8], digest: String)] = [
      (
        [UInt8](repeating: 0x0b, count: 20), text("Hi There"),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        text("Jefe"), text("what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        Array(1...25), [UInt8](repeating: 0xcd, count: 50),
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
      ),
      (
        long, text("Test Using Larger Than Block-Size Key - Hash Key First"),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
    ]
    for vector in vectors {
      let copies = [[UInt8]](repeating: vector.message, count: 20)
      #expect(
        Self.hash(kernel, copies, key: vector.key).allSatisfy { $0 == Self.bytes(vector.digest) })
    }
  }

  @Test(arguments: kernels)
  func `random messages hash as OpenSSL hashes them`(_ kernel: HashKernel) {
    var generator = SeededGenerator()
    let edges = [0, 1, 31, 55, 56, 57, 63, 64, 65, 111, 119, 120, 127, 128, 129]
    for count in Array(0...40) + [100, 257] {
      let key = generator.bytes(32)
      let messages = (0..<count).map { _ in
        let length =
          switch Int.random(in: 0..<4, using: &generator) {
          case 0: edges.randomElement(using: &generator) ?? 0
          case 1: Int.random(in: 0..<20_000, using: &generator)
          default: Int.random(in: 0..<400, using: &generator)
          }
        return generator.bytes(length)
      }
      let plain = messages.map { message in
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(message, message.count, &digest)
        return digest
      }
      let keyed = messages.map { message in
        var digest = [UInt8](repeating: 0, count: 32)
        HMAC(EVP_sha256(), key, 32, message, message.count, &digest, nil)
        return digest
      }
      #expect(Self.hash(kernel, messages) == plain, "\(count) messages, \(generator)")
      #expect(Self.hash(kernel, messages, key: key) == keyed, "\(count) messages, \(generator)")
    }
  }

  @Test(arguments: kernels)
  func `nothing beside the messages is read`(_ kernel: HashKernel) {
    var generator = SeededGenerator()
    let buffer = GuardedBuffer(byteCount: 3 * 4096)
    buffer.bytes.copyBytes(from: generator.bytes(buffer.bytes.count))
    for length in Array(0...200) + [4096, 12_288] {
      let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes.suffix(length))
      let message = ScatteredChunk(bytes)
      var digests = [UInt8](repeating: 0, count: 32 * 20)
      let messages = [ScatteredChunk](repeating: message, count: 20)
      cairn_sha256_messages(kernel.identifier, nil, messages, 20, &digests)
      var expected = [UInt8](repeating: 0, count: 32)
      SHA256(message.data, length, &expected)
      for i in 0..<20 { #expect(Array(digests[(32 * i)..<(32 * i + 32)]) == expected) }
    }
  }
}
