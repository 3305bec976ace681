import CairnBackup
import CairnCore
import CairnFormat
import CairnObjectStore
import CairnRepository
import CairnSystem
import CairnTesting
import Testing

struct BackupTests {
  @Test func `every kind of file is recorded with its metadata`() throws {
    let moment = Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789)
    let fixture = try BackupFixture(
      FileTree([
        .file("plain", "text", mode: 0o4751, mtime: moment),
        .file("empty"),
        .directory("d", [.file("inner", "x"), .symlink("up", to: "../plain")], mode: 0o1777),
        .hardLink("same", to: "plain"),
        .fifo("pipe"),
        .file(RawPath([0x62, 0xff, 0xfe]), bytes: [1, 2, 3]),
        .sparse(
          "holes", size: 3 << 20, [(offset: 1 << 20, bytes: [UInt8](repeating: 7, count: 8192))]),
      ]))
    let snapshot = try #require(try fixture.backup().snapshot)
    #expect(snapshot.record.isComplete)

    let plain = try fixture.node("plain", in: snapshot)
    #expect(plain.mode == 0o4751)
    #expect(plain.modified == moment)
    #expect(plain.size == 4)
    #expect(plain.linkCount == 2)
    #expect(plain.inode == (try fixture.node("same", in: snapshot)).inode)
    #expect(try fixture.content("plain", in: snapshot) == Array("text".utf8))
    #expect(try fixture.content("empty", in: snapshot) == [])
    #expect(try fixture.node("d", in: snapshot).mode == 0o1777)
    #expect(try fixture.node("d/up", in: snapshot).linkTarget == Array("../plain".utf8))
    #expect(try fixture.node("pipe", in: snapshot).type == .fifo)
    #expect(try fixture.names("", in: snapshot).contains("b\\xff\\xfe"))
    let holes = try fixture.node("holes", in: snapshot)
    #expect(holes.size == 3 << 20)
    if let extents = holes.extents {
      #expect(extents.reduce(0) { $0 + $1.byteCount } < 1 << 20)
    }
  }

  @Test func `an unchanged second backup reads nothing and stores next to nothing`() throws {
    let files = (0..<300).map { FileTree.Entry.file(RawPath("f\($0)"), "content \($0)") }
    let fixture = try BackupFixture(FileTree([.directory("many", files)]))
    try fixture.backup()
    let before = try fixture.store.totalByteCount
    let report = try fixture.backup()
    #expect(report.statistics.filesUnchanged == 300)
    #expect(report.statistics.bytesRead == 0)
    #expect(report.statistics.bytesNew == 0)
    #expect(report.parent != nil)
    #expect(try fixture.store.totalByteCount - before < 10_000)
  }

  @Test func `a file that changed as the last backup began is read again`() throws {
    let fixture = try BackupFixture(FileTree([.file("a", "aaa")]))
    // By its clock the backup began before the file was written: it may have changed once more in
    // the same tick, after it was read.
    try fixture.backup(clockAhead: -1)
    let second = try fixture.backup()
    #expect(second.statistics.filesUnchanged == 0)
    #expect(second.statistics.bytesRead == 3)
    #expect(second.statistics.bytesNew == 0)
    #expect(try fixture.backup().statistics.filesUnchanged == 1)
  }

  @Test func `a large file survives the borders of arenas and pages`() throws {
    var generator = SeededGenerator()
    let content = generator.bytes(21 << 20)
    let fixture = try BackupFixture(FileTree([.file("large", bytes: content)]))
    let first = try fixture.backup()
    #expect(try fixture.content("large", in: first.snapshot) == content, "\(generator)")
    guard case .paged = try fixture.node("large", in: first.snapshot).content else {
      Issue.record("a list of some 300 chunks is paged")
      return
    }
    // An insertion near the front moves everything, yet little is new.
    let edited = [9, 9, 9] + content
    try DirectoryHandle.working.writeFile(
      fixture.source.appending("large"), edited, replacing: true)
    let second = try fixture.backup()
    #expect(try fixture.content("large", in: second.snapshot) == edited, "\(generator)")
    #expect(second.statistics.bytesNew < 600_000)
    #expect(second.statistics.filesChanged == 1)
  }

  @Test func `equal content is stored once, in one batch and across files`() throws {
    var generator = SeededGenerator()
    let content = generator.bytes(300_000)
    let fixture = try BackupFixture(
      FileTree((0..<20).map { .file(RawPath("copy\($0)"), bytes: content) }))
    let report = try fixture.backup()
    #expect(report.statistics.bytesNew == 300_000)
    #expect(report.statistics.bytes == 6_000_000)
  }

  @Test func `a dry run reports what it would store and stores nothing`() throws {
    let fixture = try BackupFixture(FileTree([.file("a", "aaa"), .file("b", "bbb")]))
    let before = try fixture.store.totalByteCount
    let report = try fixture.backup { $0.isDryRun = true }
    #expect(report.snapshot == nil)
    #expect(report.statistics.filesNew == 2)
    #expect(report.statistics.bytesNew == 6)
    #expect(try fixture.store.totalByteCount == before)
  }

  @Test func `a request to stop ends the backup and keeps what was stored`() throws {
    let fixture = try BackupFixture(FileTree([.file("a", "aaa")]))
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: CairnError.self) { try fixture.backup(cancellation: cancellation) }
    #expect(try fixture.open().catalog.load().snapshots.isEmpty)
    #expect(try fixture.store.list(.leases).isEmpty)
    #expect(try fixture.backup().snapshot != nil)
  }

  @Test func `exclusions keep directories and files out`() throws {
    let fixture = try BackupFixture(
      FileTree([
        .file("keep", "1"), .file("drop.tmp", "2"),
        .directory(
          "cache",
          [
            .file("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"),
            .file("blob", "3"),
          ]),
        .directory("sub", [.file("x.tmp", "4"), .file("y", "5")]),
      ]))
    let report = try fixture.backup {
      $0.filter = PathFilter(excludes: ["*.tmp"])
      $0.excludesCaches = true
    }
    #expect(try fixture.names("", in: report.snapshot) == ["cache", "keep", "sub"])
    #expect(try fixture.names("cache", in: report.snapshot) == ["CACHEDIR.TAG"])
    #expect(try fixture.names("sub", in: report.snapshot) == ["y"])
  }

  @Test func `a source that is not there is a problem of the snapshot`() throws {
    let fixture = try BackupFixture(FileTree([.file("a", "1")]))
    let report = try fixture.backup { $0.paths.append(fixture.temporary.appending("absent")) }
    #expect(report.statistics.problems == 1)
    #expect(report.snapshot?.record.isComplete == false)
    #expect(report.problems.first?.path.bytes == fixture.temporary.appending("absent").bytes)
    #expect(try fixture.content("a", in: report.snapshot) == [UInt8(ascii: "1")])
  }

  @Test func `sockets are skipped with a note and are no problem`() throws {
    let fixture = try BackupFixture(
      FileTree([.file("a", "1"), FileTree.Entry("talk", .socket)]))
    let report = try fixture.backup()
    #expect(report.statistics.problems == 0)
    #expect(report.notes.contains { $0.contains("socket") })
    #expect(try fixture.names("", in: report.snapshot) == ["a"])
  }

  @Test func `a stream becomes a file at the root`() throws {
    var generator = SeededGenerator()
    let content = generator.bytes(5 << 20)
    let fixture = try BackupFixture(FileTree([.file("stream", bytes: content)]))
    let input = try DirectoryHandle.working.open(fixture.source.appending("stream"), [.read])
    var options = BackupOptions()
    options.host = "host"
    let repository = try fixture.open()
    let report = try Backup.runStream(
      descriptor: input.number, fileName: "dump.sql", options, in: repository,
      progress: Progress(), cancellation: Cancellation())
    let snapshot = try #require(report.snapshot)
    let node = try TreeReader(repository).entry(
      at: [Array("dump.sql".utf8)], from: try snapshot.record.directory())
    #expect(node.size == UInt64(content.count))
  }

  @Test func `files are read again when their content has left the index`() throws {
    let fixture = try BackupFixture(FileTree([.file("a", "some content")]))
    try fixture.backup()
    for (key, _) in try fixture.store.list(.index) { try fixture.store.delete(key) }
    let report = try fixture.backup()
    #expect(report.statistics.filesUnchanged == 0)
    #expect(try fixture.content("a", in: report.snapshot) == Array("some content".utf8))
  }

  @Test func `a directory of thousands is paged and every entry is found`() throws {
    let fixture = try BackupFixture(
      FileTree([.directory("big", (0..<3000).map { .file(RawPath("entry-\($0)")) })]))
    let snapshot = try fixture.backup().snapshot
    let directory = try #require(try fixture.node("big", in: snapshot).directory)
    #expect(directory.level > 0)
    #expect(directory.entryCount == 3000)
    for number in stride(from: 0, to: 3000, by: 97) {
      #expect(try fixture.node("big/entry-\(number)", in: snapshot).type == .regular)
    }
  }
}
