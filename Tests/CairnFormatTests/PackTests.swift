import CairnCore
import CairnFormat
import Testing

@Suite struct PackTests {
  @Test(arguments: 0..<8 as Range<UInt64>) func `a segment survives or is refused`(_ seed: UInt64)
    throws
  {
    var random = FormatRandom(seed: seed)
    let packs = (0..<1 + random.below(3)).map { _ in random.packRecord() }
    let bytes = IndexSegment.encode(packs)
    func decode(_ bytes: [UInt8]) throws(CairnError) -> [PackRecord] {
      try bytes.withBytes { (bytes) throws(CairnError) in try IndexSegment.decode(bytes) }
    }
    #expect(try decode(bytes) == packs)
    for mutation in mutations(of: bytes) {
      do throws(CairnError) {
        // One value has one spelling: what is accepted is encoded as it was.
        #expect(IndexSegment.encode(try decode(mutation)) == mutation)
      } catch {
        #expect(error.code == .damaged || error.code == .unsupported)
      }
    }
  }

  @Test func `counts beyond the input reserve nothing`() {
    for count in [UInt64(1 << 16), 1 << 24, .max] {
      var writer = ByteWriter()
      writer.varint(count)
      #expect(throws: CairnError.self) {
        try writer.bytes.withBytes { (bytes) throws(CairnError) in
          var reader = ByteReader(bytes)
          _ = try PackTable(kind: .data, decoding: &reader)
        }
      }
      #expect(throws: CairnError.self) {
        try writer.bytes.withBytes { (bytes) throws(CairnError) in
          _ = try IndexSegment.decode(bytes)
        }
      }
    }
  }

  @Test func `a header survives or is refused`() throws {
    var random = FormatRandom(seed: 1)
    let header = PackHeader(kind: .tree, salt: random.digest(), commitment: random.digest())
    let bytes = header.encode()
    #expect(bytes.count == PackHeader.byteCount)
    for mutation in [bytes] + mutations(of: bytes).filter({ $0.count == bytes.count }) {
      do throws(CairnError) {
        let decoded = try mutation.withBytes { (bytes) throws(CairnError) in
          try PackHeader(decoding: bytes)
        }
        #expect(decoded.encode() == mutation)
      } catch {
        #expect(error.code == .damaged || error.code == .unsupported)
      }
    }
  }

  @Test func `a trailer must fit its pack`() throws {
    let bytes = PackTrailer.encode(tableStoredByteCount: 100)
    func decode(_ bytes: [UInt8], _ packByteCount: UInt64) throws(CairnError) -> Int {
      try bytes.withBytes { (bytes) throws(CairnError) in
        try PackTrailer.decode(bytes, packByteCount: packByteCount)
      }
    }
    #expect(try decode(bytes, 188) == 100)
    #expect(throws: CairnError.self) { try decode(bytes, 187) }
    #expect(throws: CairnError.self) { try decode(bytes, 0) }
    #expect(throws: CairnError.self) { try decode(Array(bytes.dropLast()), 1000) }
    let huge = PackTrailer.encode(tableStoredByteCount: Int(UInt32.max))
    #expect(throws: CairnError.self) { try decode(huge, 1000) }
  }

  @Test func `an envelope survives or is refused`() throws {
    var random = FormatRandom(seed: 2)
    let envelope = SealedEnvelope(
      kind: .ledger, method: .zstd, rawByteCount: 1234, salt: random.digest(),
      commitment: random.digest())
    let bytes = envelope.encode()
    #expect(bytes.count == SealedEnvelope.byteCount)
    for mutation in [bytes] + mutations(of: bytes).filter({ $0.count == bytes.count }) {
      do throws(CairnError) {
        let decoded = try mutation.withBytes { (bytes) throws(CairnError) in
          try SealedEnvelope(decoding: bytes)
        }
        #expect(decoded.encode() == mutation)
      } catch {
        #expect(error.code == .damaged || error.code == .unsupported)
      }
    }
  }
}
