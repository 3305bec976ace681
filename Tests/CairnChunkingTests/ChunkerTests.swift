import CairnCore
import CairnTesting
import Testing

@testable import CairnChunking

struct ChunkerTests {
  private let small: ChunkerParameters

  init() throws {
    small = try ChunkerParameters(
      minByteCount: 512, averageByteCount: 2048, maxByteCount: 8192, normalizationLevel: 2)
  }

  /// Every chunk of `data` in one call.
  private static func lengths(_ chunker: Chunker, _ data: [UInt8]) -> [UInt32] {
    var lengths: [UInt32] = []
    let consumed = data.withUnsafeBytes {
      chunker.appendChunkLengths(of: $0, isFinal: true, to: &lengths)
    }
    precondition(consumed == data.count)
    return lengths
  }

  @Test func `cuts do not depend on how the stream is split into buffers`() throws {
    var generator = SeededGenerator()
    let chunker = try Chunker(parameters: small, secret: generator.bytes(128))
    for round in 0..<30 {
      var data = generator.bytes(Int.random(in: 0..<200_000, using: &generator))
      // A stretch without cuts, so that the maximum is forced.
      if round % 3 == 0 && data.count > 100_000 {
        for i in 20_000..<60_000 { data[i] = 7 }
      }
      var pieces: [UInt32] = []
      var carried: [UInt8] = []
      var at = 0
      while at < data.count {
        let step = min(data.count - at, Int.random(in: 1..<20_000, using: &generator))
        carried += data[at..<(at + step)]
        at += step
        let consumed = carried.withUnsafeBytes {
          chunker.appendChunkLengths(of: $0, isFinal: at == data.count, to: &pieces)
        }
        carried.removeFirst(consumed)
        #expect(carried.count < small.maxByteCount)
      }
      #expect(carried.isEmpty)
      #expect(pieces == Self.lengths(chunker, data), "\(generator)")
    }
  }

  @Test func `every kernel cuts alike`() throws {
    var generator = SeededGenerator()
    let secret = generator.bytes(128)
    let data = generator.bytes(3_000_000)
    for parameters in [small, .standard] {
      let expected = Self.lengths(
        try Chunker(parameters: parameters, secret: secret, kernel: .scalar), data)
      for kernel in GearKernel.allCases where kernel.isAvailable {
        let chunker = try Chunker(parameters: parameters, secret: secret, kernel: kernel)
        #expect(Self.lengths(chunker, data) == expected, "\(kernel), \(generator)")
      }
    }
  }

  @Test(arguments: 0...4)
  func `lengths lie between the bounds and near the average`(level: Int) throws {
    var generator = SeededGenerator(seed: 11)
    let parameters = try ChunkerParameters(
      minByteCount: 512, averageByteCount: 2048, maxByteCount: 16_384, normalizationLevel: level)
    let chunker = try Chunker(parameters: parameters, secret: generator.bytes(128))
    let data = generator.bytes(8_000_000)
    let lengths = Self.lengths(chunker, data)
    #expect(lengths.dropLast().allSatisfy { $0 >= 512 && $0 <= 16_384 })
    let mean = Double(data.count) / Double(lengths.count)
    #expect(abs(mean - 2048) < 100, "mean \(mean)")
  }

  @Test func `data without candidates is cut at the maximum`() throws {
    // Every byte counts as 0xffffffff, so every window hashes to 0x55555555.
    let chunker = try Chunker(
      parameters: small,
      secret: [UInt8](repeating: 0xff, count: 64) + [UInt8](repeating: 0, count: 64))
    let lengths = Self.lengths(chunker, [UInt8](repeating: 0, count: 20_000))
    #expect(lengths == [8192, 8192, 3616])
  }

  @Test func `an inserted byte changes the chunks around it only`() throws {
    var generator = SeededGenerator(seed: 5)
    let chunker = try Chunker(parameters: small, secret: generator.bytes(128))
    var data = generator.bytes(1_000_000)
    func chunks() -> Set<[UInt8]> {
      var at = 0
      return Set(
        Self.lengths(chunker, data).map { length in
          defer { at += Int(length) }
          return Array(data[at..<(at + Int(length))])
        })
    }
    let before = chunks()
    data.insert(42, at: 500_000)
    let after = chunks()
    #expect(after.subtracting(before).count <= 8)
    #expect(after.count > 400)
  }

  @Test func `the end of a chunk that needs more bytes is unknown`() throws {
    var generator = SeededGenerator(seed: 3)
    let chunker = try Chunker(parameters: small, secret: generator.bytes(128))
    generator.bytes(500).withUnsafeBytes { bytes in
      #expect(chunker.nextCut(in: bytes, from: 0, isFinal: false) == nil)
      #expect(chunker.nextCut(in: bytes, from: 0, isFinal: true) == 500)
      #expect(chunker.nextCut(in: bytes, from: 500, isFinal: true) == nil)
    }
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    #expect(chunker.nextCut(in: nothing, from: 0, isFinal: true) == nil)
  }
}
