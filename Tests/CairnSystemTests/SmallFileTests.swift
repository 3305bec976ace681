import CairnCore
import CairnSystem
import CairnTesting
import Testing

struct SmallFileTests {
  let temporary: TemporaryDirectory
  let place = DirectoryHandle.working

  init() throws { temporary = try TemporaryDirectory() }

  private func names() throws -> [String] {
    let listing = DirectoryListing()
    try listing.fill(from: place.openDirectory(temporary.path))
    return listing.entries.map { String(decoding: listing.name(of: $0), as: UTF8.self) }
  }

  @Test(arguments: [0, 1, 4095, 4096, 4097, 300_000])
  func `a file is written and read whole`(count: Int) throws {
    let path = temporary.appending("file")
    let bytes = try SystemRandom.bytes(count)
    try place.writeFile(path, bytes, mode: 0o640, replacing: false)
    #expect(try place.readFile(path, byteCountMax: count) == bytes)
    #expect(try place.status(of: path).mode & 0o777 == 0o640)
    #expect(try names() == ["file"])
  }

  @Test func `an existing file stays or is replaced as asked and no leftovers remain`() throws {
    let path = temporary.appending("file")
    try place.writeFile(path, [1], replacing: false)
    let error = #expect(throws: CairnError.self) {
      try place.writeFile(path, [2], replacing: false)
    }
    #expect(error?.code == .exists)
    #expect(error?.message.contains("file: File exists") == true)
    #expect(try place.readFile(path, byteCountMax: 9) == [1])
    try place.writeFile(path, [3], replacing: true)
    #expect(try place.readFile(path, byteCountMax: 9) == [3])
    #expect(try names() == ["file"])
  }

  @Test func `a file beyond the limit is refused`() throws {
    let path = temporary.appending("file")
    try place.writeFile(path, [UInt8](repeating: 1, count: 101), replacing: false)
    #expect(throws: CairnError.self) { try place.readFile(path, byteCountMax: 100) }
    #expect(throws: CairnError.self) {
      try place.readFile(temporary.appending("missing"), byteCountMax: 1)
    }
  }
}
