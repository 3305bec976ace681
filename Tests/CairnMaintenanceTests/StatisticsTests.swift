import CairnCore
import CairnMaintenance
import CairnObjectStore
import CairnTesting
import Testing

@Suite struct StatisticsTests {
  @Test func `what is shared counts once`() throws {
    let fixture = try RepositoryFixture()
    let repository = try fixture.open()
    let entries = [
      RepositoryFixture.Entry.file("a", [RepositoryFixture.noise(5000, seed: 1)]),
      .file("b", [RepositoryFixture.noise(5000, seed: 1)]),
    ]
    try RepositoryFixture.backUp(entries, to: repository, time: 1)
    try RepositoryFixture.backUp(entries, to: repository, time: 2)
    let statistics = try Statistics.gather(in: repository)
    #expect(statistics.snapshotCount == 2 && statistics.entryCount == 4)
    #expect(statistics.logicalByteCount == 20_000)
    #expect(statistics.dataChunks.count == 1 && statistics.dataChunks.byteCount == 5000)
    #expect(statistics.treeChunks.count == 1 && statistics.duplicates.count == 0)
    #expect(statistics.deduplicationRatio == 4)
    #expect(statistics.objects[.packs]?.count == 2)
    #expect(statistics.storedByteCount > 5000)
  }
}
