import CCairnKernels
import CairnCore
import CairnTesting
import Testing

@testable import CairnChunking

struct GearKernelTests {
  static let kernels = GearKernel.allCases.filter(\.isAvailable)

  /// The definition, as slow and plain as it can be said.
  private static func cut(
    _ secret: [UInt8], _ data: UnsafeRawBufferPointer, _ begin: Int, _ end: Int, _ threshold: UInt32
  ) -> Int {
    func word(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(secret[4 * index + $1]) << UInt32(8 * $1) }
    }
    let table = (0..<256).map { word($0 & 15) ^ word(16 + $0 >> 4) }
    for position in begin..<end {
      var hash: UInt32 = 0
      for byte in data[(position - 32)..<position] { hash = (hash << 1) ^ table[Int(byte)] }
      if hash < threshold { return position }
    }
    return end
  }

  private static func find(
    _ kernel: GearKernel, _ tables: cairn_gear_tables, _ data: UnsafeRawBufferPointer,
    _ begin: Int, _ end: Int, _ threshold: UInt32
  ) -> Int {
    let base = data.baseAddress!.assumingMemoryBound(to: UInt8.self)
    return withUnsafePointer(to: tables) {
      cairn_gear_find(kernel.identifier, $0, base, begin, end, threshold)
    }
  }

  private static func tables(_ secret: [UInt8]) -> cairn_gear_tables {
    var tables = cairn_gear_tables()
    cairn_gear_prepare(&tables, secret)
    return tables
  }

  @Test func `a table word joins the words of both nibbles`() {
    var generator = SeededGenerator()
    let secret = generator.bytes(128)
    let data = generator.bytes(600)
    let tables = Self.tables(secret)
    data.withUnsafeBytes { data in
      for threshold in [0, 1 << 20, 1 << 24, 1 << 27, .max] as [UInt32] {
        let expected = Self.cut(secret, data, 32, 600, threshold)
        for kernel in Self.kernels {
          #expect(
            Self.find(kernel, tables, data, 32, 600, threshold) == expected,
            "\(kernel) \(generator)")
        }
      }
    }
  }

  @Test(arguments: kernels)
  func `every kernel finds the cuts the scalar one finds`(_ kernel: GearKernel) {
    var generator = SeededGenerator()
    let tables = Self.tables(generator.bytes(128))
    let period = generator.bytes(48)
    let count = 40_000
    let inputs: [[UInt8]] = [
      generator.bytes(count), [UInt8](repeating: 0, count: count),
      (0..<count).map { period[$0 % 48] }, (0..<count).map { UInt8($0 / 1000 & 255) },
      generator.bytes(count).map { $0 & 1 },
    ]
    for (number, input) in inputs.enumerated() {
      input.withUnsafeBytes { data in
        for _ in 0..<400 {
          let begin = Int.random(in: 32..<2000, using: &generator)
          let end = Int.random(in: begin...count, using: &generator)
          let threshold = UInt32.max >> UInt32.random(in: 0...24, using: &generator)
          #expect(
            Self.find(kernel, tables, data, begin, end, threshold)
              == Self.find(.scalar, tables, data, begin, end, threshold),
            "input \(number), \(begin)..<\(end) below \(threshold), \(generator)")
        }
      }
    }
  }

  @Test(arguments: kernels)
  func `every cut is found from every offset`(_ kernel: GearKernel) {
    var generator = SeededGenerator()
    let tables = Self.tables(generator.bytes(128))
    generator.bytes(20_000).withUnsafeBytes { data in
      let threshold: UInt32 = 1 << 20
      for begin in 32..<1200 {
        #expect(
          Self.find(kernel, tables, data, begin, 20_000 - begin % 64, threshold)
            == Self.find(.scalar, tables, data, begin, 20_000 - begin % 64, threshold),
          "\(begin), \(generator)")
      }
    }
  }

  @Test(arguments: kernels)
  func `nothing outside the range and its window is read`(_ kernel: GearKernel) {
    var generator = SeededGenerator()
    let tables = Self.tables(generator.bytes(128))
    let buffer = GuardedBuffer(byteCount: 24_000)
    let bytes = UnsafeRawBufferPointer(buffer.bytes)
    buffer.bytes.copyBytes(from: generator.bytes(bytes.count))
    for count in Array(1..<700) + Array(4200..<4500) + Array(8600..<8800) + [24_000] {
      for threshold in [0, UInt32.max >> 11] {
        let head = UnsafeRawBufferPointer(rebasing: bytes.prefix(count + 32))
        let tail = UnsafeRawBufferPointer(rebasing: bytes.suffix(count + 32))
        for data in [head, tail] {
          #expect(
            Self.find(kernel, tables, data, 32, data.count, threshold)
              == Self.find(.scalar, tables, data, 32, data.count, threshold),
            "\(count), \(generator)")
        }
      }
    }
  }

  @Test func `an unknown kernel is a usage error and a missing one unsupported`() {
    #expect {
      try GearKernel.named("sse9")
    } throws: {
      ($0 as? CairnError)?.code == .usage && "\($0)".contains("sse9")
    }
    for kernel in GearKernel.allCases where !kernel.isAvailable {
      #expect {
        try GearKernel.named(kernel.rawValue)
      } throws: {
        ($0 as? CairnError)?.code == .unsupported
      }
    }
  }
}
