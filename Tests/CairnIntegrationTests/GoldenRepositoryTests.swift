import CairnCore
import CairnCrypto
import CairnFormat
import CairnMaintenance
import CairnObjectStore
import CairnRepository
import CairnRestore
import CairnSystem
import CairnTesting
import Testing

/// A repository as version 1 of the format left it, checked in and never made again: every later
/// program must read it.
///
/// `Tests/Fixtures/golden-v1/expected.txt` was written from the source tree by other means: name
/// (hexadecimal), type, mode, size, time in nanoseconds, and the SHA-256 of the content or the
/// target of the link, for the newest snapshot.
struct GoldenRepositoryTests {
  private static let folder = RawPath(#filePath).parent.parent
    .appending("Fixtures").appending("golden-v1")

  /// Opens a copy, since opening and verifying may take leases.
  private static func open(
    _ temporary: TemporaryDirectory
  ) throws(CairnError) -> Repository {
    let copy = temporary.appending("repository")
    try copyFolder(folder.appending("repository"), to: copy)
    return try Repository.open(
      DirectoryStore(path: copy.displayText),
      password: SecretBytes(copying: Array("golden password".utf8)),
      cacheRoot: temporary.appending("cache").displayText)
  }

  private static func copyFolder(_ source: RawPath, to target: RawPath) throws(CairnError) {
    try DirectoryHandle.working.makeDirectory(target)
    let listing = DirectoryListing()
    try listing.fill(from: try DirectoryHandle.working.openDirectory(source))
    for entry in listing.entries.map({ (RawPath(listing.name(of: $0)), $0.type) }) {
      if entry.1 == .directory {
        try copyFolder(source.appending(entry.0), to: target.appending(entry.0))
      } else {
        let bytes = try DirectoryHandle.working.readFile(
          source.appending(entry.0), byteCountMax: 64 << 20)
        try DirectoryHandle.working.writeFile(target.appending(entry.0), bytes, replacing: false)
      }
    }
  }

  @Test func `every byte of it verifies`() throws {
    let temporary = try TemporaryDirectory()
    let repository = try Self.open(temporary)
    var options = VerifyOptions()
    options.readsData = true
    let report = try Verify.run(
      options, in: repository, progress: Progress(), cancellation: Cancellation())
    #expect(report.isSound)
    #expect(report.snapshotCount == 2)
  }

  @Test func `the newest snapshot is what was backed up`() throws {
    let temporary = try TemporaryDirectory()
    let repository = try Self.open(temporary)
    let snapshot = try repository.catalog.load().resolve("latest")
    #expect(snapshot.record.tags == ["third"])
    #expect(snapshot.record.host == "golden")
    let reader = TreeReader(repository)
    var lines: [String] = []
    let top = snapshot.record.paths[0].bytes
    try SnapshotLister.list(
      snapshot.record, path: RawPath(top).components.map(\.bytes), recursive: true, in: repository
    ) { (path, node) throws(CairnError) in
      guard path.count > top.count else { return }
      lines.append(try Self.describe(path.dropFirst(top.count + 1), node, reader))
    }
    let expected = try DirectoryHandle.working.readFile(
      Self.folder.appending("expected.txt"), byteCountMax: 1 << 20)
    #expect(
      lines.sorted()
        == String(decoding: expected, as: UTF8.self).split(separator: "\n").map(String.init))
  }

  private static func describe(
    _ path: ArraySlice<UInt8>, _ node: Node, _ reader: TreeReader
  ) throws(CairnError) -> String {
    var extra = "-"
    if node.type == .symlink { extra = Hex.encode(node.linkTarget) }
    if node.type == .regular {
      var content: [UInt8] = []
      try reader.forEachChunk(of: node.content) { (chunk) throws(CairnError) in
        try reader.chunks.read(chunk.id, kind: .data) { content.append(contentsOf: $0) }
      }
      extra = SHA256.hash(fillingHoles(content, node)).hex
    }
    let name = String(decoding: path, as: UTF8.self)
    // Edited between the snapshots of the fixture, and so at no fixed time.
    let isTimed = node.type != .directory && name != "plain" && name != "same as plain"
    let time = node.modified.seconds * 1_000_000_000 + Int64(node.modified.nanoseconds)
    return [
      Hex.encode(path), "\(node.type)", String(node.mode, radix: 8), "\(node.size)",
      isTimed ? "\(time)" : "-", extra,
    ].joined(separator: " ")
  }

  private static func fillingHoles(_ content: [UInt8], _ node: Node) -> [UInt8] {
    guard let extents = node.extents else { return content }
    var whole = [UInt8](repeating: 0, count: Int(node.size))
    var start = 0
    for extent in extents {
      let part = content[start..<start + Int(extent.byteCount)]
      whole.replaceSubrange(Int(extent.offset)..<Int(extent.end), with: part)
      start += part.count
    }
    return whole
  }

  @Test func `a wrong password is told from damage`() throws {
    let temporary = try TemporaryDirectory()
    _ = try Self.open(temporary)
    let store = DirectoryStore(path: temporary.appending("repository").displayText)
    let error = #expect(throws: CairnError.self) {
      try Repository.open(
        store, password: SecretBytes(copying: Array("silver password".utf8)),
        cacheRoot: temporary.appending("cache").displayText)
    }
    #expect(error?.code == .wrongPassword)
  }
}
