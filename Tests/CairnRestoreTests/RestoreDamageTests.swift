import CairnCore
import CairnFormat
import CairnObjectStore
import CairnRepository
import CairnSystem
import CairnTesting
import Testing

@testable import CairnRestore

/// Packs that are damaged or gone.
@Suite struct RestoreDamageTests {
  let fixture: RestoreFixture
  init() throws { fixture = try RestoreFixture() }

  private let place = DirectoryHandle.working

  private func build() throws -> SnapshotRecord {
    var generator = SeededGenerator(seed: 11)
    try fixture.build([
      .file("a", bytes: generator.bytes(3000)), .file("large", bytes: generator.bytes(300_000)),
      .file("z", bytes: generator.bytes(3000)), .hardLink("zz", to: "a"),
    ])
    return try fixture.save()
  }

  @Test func `files of a damaged frame are named and don't look whole`() throws {
    let snapshot = try build()
    // The first frame holds all of `a` and the beginning of `large`.
    for key in try fixture.packs(.data) { try fixture.damage(key) }
    let report = try fixture.restore(snapshot)
    #expect(report.isDamaged)
    #expect(report.problems.map(\.path) == ["a", "large", "zz"])
    let names = try TreeDescription(of: fixture.target).entries.keys.sorted()
    #expect(names == [".", "z"])
    #expect(report.filesWritten == 1)
  }

  @Test func `a missing pack is damage, not an abort`() throws {
    let snapshot = try build()
    for key in try fixture.packs(.data) { try fixture.store.delete(key) }
    let report = try fixture.restore(snapshot)
    #expect(report.isDamaged)
    #expect(report.problems.map(\.path) == ["a", "large", "z", "zz"])
    #expect(try TreeDescription(of: fixture.target).entries.count == 1)
  }

  @Test func `a file in place that can't be mended stays as it was`() throws {
    let snapshot = try build()
    try place.makeDirectory(fixture.target)
    try place.open(fixture.target.appending("z"), [.write, .createNew]).write([1, 2], at: 0)
    for key in try fixture.packs(.data) { try fixture.store.delete(key) }
    let report = try fixture.restore(snapshot)
    #expect(report.isDamaged)
    #expect(try place.readFile(fixture.target.appending("z"), byteCountMax: 10) == [1, 2])
  }

  @Test func `another copy of a damaged chunk is used`() throws {
    var generator = SeededGenerator(seed: 11)
    let content = generator.bytes(10_000)
    try fixture.build([.file("f", bytes: content)])
    // Two sessions that don't know of each other store the same chunks.
    let before = Set(try fixture.store.list(.index).map(\.key))
    let snapshot = try fixture.save()
    let first = try fixture.packs(.data)
    let segments = try fixture.store.list(.index).map(\.key).filter { !before.contains($0) }
    let hidden = try segments.map { ($0, try fixture.store.readAll($0, byteCountMax: 1 << 20)) }
    for key in segments { try fixture.store.delete(key) }
    try fixture.repository.refreshIndex()
    _ = try fixture.save()
    for (key, bytes) in hidden { try fixture.store.put(key, bytes, mode: .keepExisting) }
    try fixture.repository.refreshIndex()
    #expect(try fixture.packs(.data).count == 2)
    for key in try fixture.packs(.data) {
      // Either may be the one that is read first.
      let sound = try fixture.store.readAll(key, byteCountMax: 1 << 30)
      try fixture.damage(key)
      let report = try fixture.restore(snapshot)
      #expect(report.problems == [])
      #expect(try fixture.differences() == [])
      try fixture.store.put(key, sound, mode: .replace)
      try FileTree.remove(fixture.target)
    }
    #expect(first.count == 1)
  }
}
