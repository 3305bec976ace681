import CairnCore
import CairnSystem
import CairnTesting
import Testing

struct DirectoryListingTests {
  let temporary: TemporaryDirectory
  let place = DirectoryHandle.working

  init() throws { temporary = try TemporaryDirectory() }

  private func names(_ listing: DirectoryListing) -> [[UInt8]] {
    listing.entries.map { listing.name(of: $0) }
  }

  @Test func `entries come sorted by the bytes of their names`() throws {
    let unsorted: [[UInt8]] = [
      [0xff, 0x01], [0x80], Array("longer-than-eight-b".utf8), Array("longer-than-eight-a".utf8),
      Array("longer-t".utf8), Array("a".utf8), Array("a!".utf8), Array("B".utf8), [0x01],
      Array("...".utf8), Array("é".utf8),
    ]
    let top = temporary.appending("d")
    try FileTree(unsorted.map { .file(RawPath($0)) }).build(at: top)
    let listing = DirectoryListing()
    try listing.fill(from: place.openDirectory(top))
    #expect(names(listing) == unsorted.sorted { $0.lexicographicallyPrecedes($1) })
    let nameLengths = listing.entries.map { Int($0.nameByteCount) }
    #expect(nameLengths == names(listing).map(\.count))
  }

  @Test func `each kind shows its type in listing and status`() throws {
    let top = temporary.appending("d")
    try FileTree([
      .file("1"), .directory("2"), .symlink("3", to: "nowhere"), .fifo("4"),
      FileTree.Entry("5", .socket),
    ]).build(at: top)
    let directory = try place.openDirectory(top)
    let listing = DirectoryListing()
    try listing.fill(from: directory)
    let expected: [FileType] = [.regular, .directory, .symlink, .fifo, .socket]
    #expect(listing.entries.map(\.type) == expected)
    var status = try directory.status()
    for (entry, type) in zip(listing.entries, expected) {
      #expect(directory.directory.status(of: listing.cName(of: entry), into: &status) == 0)
      #expect(status.type == type)
      #expect(status.inode == entry.inode)
    }
  }

  @Test func `a listing is reused and holds only the last directory`() throws {
    let many = temporary.appending("many")
    try FileTree((0..<5000).map { .file(RawPath("file-with-a-long-name-number-\($0)")) })
      .build(at: many)
    try FileTree([.file("only")]).build(at: temporary.appending("few"))
    let listing = DirectoryListing()
    try listing.fill(from: place.openDirectory(many))
    #expect(listing.count == 5000)
    let found = names(listing)
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
    try listing.fill(from: place.openDirectory(temporary.appending("few")))
    #expect(names(listing) == [Array("only".utf8)])
  }

  @Test func `a symbolic link is not opened as a directory`() throws {
    try FileTree([.directory("real"), .symlink("link", to: "real")])
      .build(at: temporary.appending("d"))
    let top = try place.openDirectory(temporary.appending("d"))
    #expect(throws: CairnError.self) { _ = try top.directory.openDirectory("link") }
  }
}
