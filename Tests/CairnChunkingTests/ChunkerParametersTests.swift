import CairnCore
import Testing

@testable import CairnChunking

struct ChunkerParametersTests {
  @Test(arguments: [
    (63, 128, 256, 2), (0, 1, 2, 2), (-1, 128, 256, 2), (128, 128, 256, 2), (64, 256, 256, 2),
    (64, 256, 128, 2), (64, 128, (16 << 20) + 1, 2), (64, 128, 256, -1), (64, 128, 256, 5),
    (Int.min, Int.max, Int.max, 2), (64, Int.max - 1, Int.max, 4),
  ])
  func `senseless parameters are damage`(_ values: (Int, Int, Int, Int)) {
    #expect {
      try ChunkerParameters(
        minByteCount: values.0, averageByteCount: values.1, maxByteCount: values.2,
        normalizationLevel: values.3)
    } throws: {
      ($0 as? CairnError)?.code == .damaged
    }
  }

  @Test func `the standard thresholds are those of the format`() {
    let standard = ChunkerParameters.standard
    #expect(standard.switchByteCount == 60_256)
    #expect(standard.earlyThreshold == 21_845)
    #expect(standard.lateThreshold == 349_525)
  }

  @Test func `the narrowest parameters still have thresholds`() throws {
    let narrow = try ChunkerParameters(
      minByteCount: 64, averageByteCount: 65, maxByteCount: 66, normalizationLevel: 4)
    #expect(narrow.switchByteCount == 64)
    #expect(narrow.earlyThreshold == 1 << 28)
    #expect(narrow.lateThreshold == .max)
  }
}
