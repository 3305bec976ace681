import CairnCore
import CairnTesting
import Testing

@testable import CairnSystem

struct DataExtentsTests {
  let temporary: TemporaryDirectory
  let place = DirectoryHandle.working

  init() throws { temporary = try TemporaryDirectory() }

  private func extents(_ entry: FileTree.Entry, countMax: Int = 65_536) throws -> [DataExtent] {
    let top = temporary.appending("tree")
    try FileTree([entry]).build(at: top)
    let file = try place.open(top.appending(entry.name), .read)
    return try file.dataExtents(file.status(), extentCountMax: countMax)
  }

  @Test func `a file without holes is one extent`() throws {
    let bytes = [UInt8](repeating: 7, count: 100_000)
    #expect(
      try extents(.file("dense", bytes: bytes)) == [DataExtent(offset: 0, byteCount: 100_000)])
  }

  @Test func `an empty file and a file of nothing but a hole have no data`() throws {
    #expect(try extents(.sparse("hole", size: 1 << 30)) == [])
    try FileTree.remove(temporary.appending("tree"))
    #expect(try extents(.file("empty")) == [])
  }

  @Test func `data between holes is found and ends with the file`() throws {
    let block = [UInt8](repeating: 1, count: 4096)
    let runs: [(offset: UInt64, bytes: [UInt8])] = [
      (65_536, block), (262_144, block), (1 << 20, [UInt8](repeating: 2, count: 100)),
    ]
    let found = try extents(.sparse("sparse", size: (1 << 20) + 100, runs))
    #expect(
      found == [
        DataExtent(offset: 65_536, byteCount: 4096),
        DataExtent(offset: 262_144, byteCount: 4096),
        DataExtent(offset: 1 << 20, byteCount: 100),
      ])
  }

  @Test func `too many extents are joined over the smallest holes`() throws {
    var extents = [
      DataExtent(offset: 0, byteCount: 10), DataExtent(offset: 20, byteCount: 10),
      DataExtent(offset: 100, byteCount: 10), DataExtent(offset: 115, byteCount: 5),
    ]
    mergeSmallHoles(&extents, 3)
    #expect(
      extents == [
        DataExtent(offset: 0, byteCount: 10), DataExtent(offset: 20, byteCount: 10),
        DataExtent(offset: 100, byteCount: 20),
      ])
    mergeSmallHoles(&extents, 2)
    #expect(
      extents == [DataExtent(offset: 0, byteCount: 30), DataExtent(offset: 100, byteCount: 20)])
  }

  @Test func `equal holes are joined only as far as needed`() {
    var extents = (0..<1000).map { DataExtent(offset: UInt64($0) * 10, byteCount: 5) }
    mergeSmallHoles(&extents, 400)
    #expect(extents.count == 400)
    #expect(extents.last?.end == 9995)
  }

  @Test func `a file of many extents stays within the limit`() throws {
    let runs: [(offset: UInt64, bytes: [UInt8])] = (0..<40).map { (UInt64($0) * 16_384, [1]) }
    let found = try extents(.sparse("many", size: 40 * 16_384, runs), countMax: 8)
    #expect(found.count == 8)
    #expect(found.first?.offset == 0)
  }
}
