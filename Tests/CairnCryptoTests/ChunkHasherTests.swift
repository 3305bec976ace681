import COpenSSL
import CairnCore
import CairnTesting
import Testing

@testable import CairnCrypto

struct ChunkHasherTests {
  private static func expected(_ key: [UInt8], _ bytes: ArraySlice<UInt8>) -> ChunkID {
    var digest = [UInt8](repeating: 0, count: 32)
    HMAC(EVP_sha256(), key, Int32(key.count), Array(bytes), bytes.count, &digest, nil)
    return digest.withUnsafeBytes { ChunkID(loading: $0.baseAddress!) }
  }

  @Test func `back to back, scattered and single chunks get the same names`() throws {
    var generator = SeededGenerator()
    let key = generator.bytes(32)
    let lengths = (0..<50).map { _ in UInt32.random(in: 0..<3000, using: &generator) }
    let data = generator.bytes(Int(lengths.reduce(0, +)))
    var at = 0
    let ranges = lengths.map { length in
      defer { at += Int(length) }
      return at..<(at + Int(length))
    }
    let expected = ranges.map { Self.expected(key, data[$0]) }
    for kernel in HashKernel.allCases where kernel.isAvailable {
      let hasher = try ChunkHasher(key: key, kernel: kernel)
      var ids = [ChunkID](repeating: ChunkID(Digest()), count: lengths.count)
      data.withUnsafeBytes { bytes in
        lengths.withUnsafeBufferPointer { hasher.hash(bytes.baseAddress!, lengths: $0, into: &ids) }
        #expect(ids == expected, "\(kernel), \(generator)")
        let chunks = ranges.reversed().map {
          ScatteredChunk(UnsafeRawBufferPointer(rebasing: bytes[$0]))
        }
        chunks.withUnsafeBufferPointer { hasher.hash($0, into: &ids) }
        #expect(ids == expected.reversed(), "\(kernel), \(generator)")
        for (range, id) in zip(ranges, expected) {
          #expect(hasher.hash(UnsafeRawBufferPointer(rebasing: bytes[range])) == id)
        }
      }
    }
  }

  @Test func `an empty chunk has a name`() throws {
    let key = [UInt8](repeating: 9, count: 32)
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    #expect(try ChunkHasher(key: key).hash(nothing) == Self.expected(key, []))
  }

  @Test func `an unknown kernel is a usage error and a missing one unsupported`() {
    #expect {
      try HashKernel.named("md5")
    } throws: {
      ($0 as? CairnError)?.code == .usage && "\($0)".contains("md5")
    }
    for kernel in HashKernel.allCases where !kernel.isAvailable {
      #expect {
        try HashKernel.named(kernel.rawValue)
      } throws: {
        ($0 as? CairnError)?.code == .unsupported
      }
    }
  }
}
