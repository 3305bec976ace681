import CairnCore
import CairnFormat
import Glibc
import Testing

@testable import CairnIndex

struct ChunkIndexSharingTests {
  private let fixture = IndexFixture()

  @Test func `what was applied is there after reopening`() throws {
    var random = IndexRandom(seed: 20)
    let segment = random.segment(packCount: 2, chunksPerPack: 50)
    do {
      let index = try fixture.open()
      try index.apply([segment])
    }
    let index = try fixture.open()
    #expect(!index.wasRebuilt)
    #expect(try index.makeReader().rowCount() == 100)
  }

  @Test func `two indexes of one folder share an environment, by any spelling of its path`() throws
  {
    var random = IndexRandom(seed: 21)
    let first = try fixture.open()
    let second = try ChunkIndex.open(
      directory: fixture.path + "/../index/", repositoryID: fixture.repositoryID)
    #expect(first.environment === second.environment)
    try first.apply([random.segment(packCount: 1, chunksPerPack: 10)])
    #expect(try second.makeReader().rowCount() == 10)
    #expect(throws: CairnError.self) {
      try ChunkIndex.open(directory: fixture.path, repositoryID: [1, 2, 3])
    }
  }

  @Test func `a reader keeps the environment open`() throws {
    var random = IndexRandom(seed: 22)
    var index: ChunkIndex? = try fixture.open()
    try index?.apply([random.segment(packCount: 1, chunksPerPack: 10)])
    let reader = try #require(index?.makeReader())
    index = nil
    #expect(try reader.rowCount() == 10)
    #expect(try fixture.open().makeReader().rowCount() == 10)
  }

  @Test func `a full map grows and nothing is lost`() throws {
    var random = IndexRandom(seed: 23)
    let index = try fixture.open(mapByteCount: 64 << 10)
    let reader = index.makeReader()
    #expect(try reader.rowCount() == 0)
    var segments: [(name: ObjectName, packs: [PackRecord])] = []
    for round in 1...10 {
      segments.append(random.segment(packCount: 2, chunksPerPack: 1000))
      try index.apply([segments[round - 1]])
      #expect(try reader.rowCount() == round * 2000)
    }
    #expect(index.environment.mapByteCount > 1 << 20)
    for pack in segments.flatMap(\.packs) {
      for chunk in pack.table.chunks { #expect(try reader.contains(chunk.id)) }
    }
  }

  @Test func `the map grows under readers of other threads`() throws {
    var random = IndexRandom(seed: 24)
    let index = try fixture.open(mapByteCount: 64 << 10)
    let first = random.segment(packCount: 1, chunksPerPack: 500)
    try index.apply([first])
    let readers = (0..<3).map { _ in
      ReadingThread(index: index, ids: first.packs[0].table.chunks.map(\.id))
    }
    for _ in 0..<20 { try index.apply([random.segment(packCount: 1, chunksPerPack: 2000)]) }
    for reader in readers { #expect(reader.join()) }
    #expect(try index.makeReader().rowCount() == 40_500)
  }

  /// Run by the test below in a process of its own; does nothing otherwise.
  @Test func otherProcessWrites() throws {
    guard let path = getenv("CAIRN_INDEX_TEST_FOLDER") else { return }
    let index = try ChunkIndex.open(
      directory: String(cString: path), repositoryID: Array("repository".utf8),
      options: IndexOptions(mapByteCount: 64 << 10))
    var random = IndexRandom(seed: 26)
    for _ in 0..<10 { try index.apply([random.segment(packCount: 1, chunksPerPack: 3000)]) }
  }

  @Test func `two processes write and read at once and follow each other's growth`() throws {
    let index = try fixture.open(mapByteCount: 64 << 10)
    let reader = index.makeReader()
    #expect(try reader.rowCount() == 0)
    let child = try OtherProcess(
      test: "otherProcessWrites", variable: "CAIRN_INDEX_TEST_FOLDER=\(fixture.path)")
    var random = IndexRandom(seed: 27)
    for _ in 0..<10 {
      try index.apply([random.segment(packCount: 1, chunksPerPack: 2000)])
      _ = try reader.rowCount()
    }
    #expect(try child.exitStatus() == 0)
    #expect(try reader.rowCount() == 50_000)
    #expect(try reader.packCount() == 20)
    var repeated = IndexRandom(seed: 26)
    let theirs = repeated.segment(packCount: 1, chunksPerPack: 3000)
    for chunk in theirs.packs[0].table.chunks { #expect(try reader.contains(chunk.id)) }
  }
}

/// Looks the same chunks up again and again, on a thread of its own.
private final class ReadingThread: @unchecked Sendable {
  private let index: ChunkIndex
  private let ids: [ChunkID]
  private var thread = pthread_t()
  private var succeeded = false

  init(index: ChunkIndex, ids: [ChunkID]) {
    self.index = index
    self.ids = ids
    let context = Unmanaged.passRetained(self).toOpaque()
    let status = pthread_create(
      &thread, nil,
      { context in
        let reading = Unmanaged<ReadingThread>.fromOpaque(context!).takeRetainedValue()
        reading.succeeded = reading.run()
        return nil
      }, context)
    precondition(status == 0)
  }

  private func run() -> Bool {
    let reader = index.makeReader()
    do {
      for _ in 0..<200 {
        for id in ids where try !reader.contains(id) { return false }
      }
      return true
    } catch {
      return false
    }
  }

  func join() -> Bool {
    pthread_join(thread, nil)
    return succeeded
  }
}

/// This test program once more, running a single test.
private struct OtherProcess {
  private var identifier: pid_t = 0

  init(test: String, variable: String) throws {
    let words = ["/proc/self/exe", "--testing-library", "swift-testing", "--filter", test]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { word in strdup(word) }
    arguments.append(nil)
    var environmentVariables: [UnsafeMutablePointer<CChar>?] = [strdup(variable)]
    var position = environ
    while let entry = position.pointee {
      environmentVariables.append(entry)
      position += 1
    }
    environmentVariables.append(nil)
    let status = posix_spawn(
      &identifier, "/proc/self/exe", nil, nil, arguments, environmentVariables)
    guard status == 0 else { throw CairnError(.failed, "spawn", errno: status) }
  }

  func exitStatus() throws -> Int32 {
    var status: Int32 = 0
    guard waitpid(identifier, &status, 0) == identifier else {
      throw CairnError(.failed, "wait", errno: errno)
    }
    return status
  }
}
