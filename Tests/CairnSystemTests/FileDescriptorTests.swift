import CairnCore
import CairnSystem
import CairnTesting
import Glibc
import Testing

struct FileDescriptorTests {
  let temporary: TemporaryDirectory
  let place = DirectoryHandle.working

  init() throws { temporary = try TemporaryDirectory() }

  private func newFile(_ name: RawPath = "file") throws -> FileDescriptor {
    try place.open(temporary.appending(name), [.read, .write, .createNew])
  }

  @Test func `a descriptor is closed when the value goes`() throws {
    let number: Int32
    do {
      let file = try newFile()
      number = file.number
      #expect(fcntl(number, F_GETFD) >= 0)
    }
    // Another test may have got the number meanwhile, but not for this file.
    let again = try place.open(temporary.appending("file"), .read)
    #expect(try again.status().size == 0)
    #expect(fcntl(again.number, F_GETFD) & FD_CLOEXEC != 0)
  }

  @Test func `what is written at an offset is read back from there`() throws {
    let file = try newFile()
    try file.write([1, 2, 3], at: 5)
    var buffer = [UInt8](repeating: 9, count: 10)
    let count = try buffer.withUnsafeMutableBytes { try file.readFully(into: $0, at: 4) }
    #expect(count == 4)
    #expect(buffer[..<4] == [0, 1, 2, 3])
    try file.truncate(to: 6)
    #expect(try file.status().size == 6)
    try file.sync()
    try file.close()
  }

  @Test func `space is reserved and holes are punched`() throws {
    let file = try newFile()
    guard try file.allocate(offset: 0, byteCount: 1 << 20, keepingSize: true) else { return }
    #expect(try file.status().size == 0)
    try file.write([UInt8](repeating: 1, count: 1 << 20), at: 0)
    guard try file.punchHole(offset: 64 << 10, byteCount: 128 << 10) else { return }
    let status = try file.status()
    #expect(
      try file.dataExtents(status) == [
        DataExtent(offset: 0, byteCount: 64 << 10),
        DataExtent(offset: 192 << 10, byteCount: (1 << 20) - (192 << 10)),
      ])
    file.advise(.sequential)
    file.advise(.dontNeed)
  }
}
