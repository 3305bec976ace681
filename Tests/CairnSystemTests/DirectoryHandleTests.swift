import CairnCore
import CairnTesting
import Glibc
import Testing

@testable import CairnSystem

struct DirectoryHandleTests {
  let temporary: TemporaryDirectory
  let root: FileDescriptorBox

  /// Keeps the directory's descriptor as long as the test.
  final class FileDescriptorBox {
    let descriptor: FileDescriptor
    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
  }

  init() throws {
    temporary = try TemporaryDirectory()
    root = FileDescriptorBox(try DirectoryHandle.working.openDirectory(temporary.path))
  }

  private var here: DirectoryHandle { root.descriptor.directory }

  private func code(_ body: () throws -> Void) -> CairnError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? CairnError)?.code
    }
  }

  @Test func `creating refuses names that exist, links included`() throws {
    try here.makeSymlink("link", target: "elsewhere")
    #expect(code { _ = try here.open("link", [.write, .createNew]) } == .exists)
    #expect(code { try here.makeDirectory("link") } == .exists)
    #expect(code { try here.makeNode("link", type: .fifo) } == .exists)
    #expect(try here.statusIfPresent(of: "elsewhere") == nil)
  }

  @Test func `a link in the last component is never opened`() throws {
    _ = try here.open("file", [.write, .createNew])
    try here.makeSymlink("link", target: "file")
    let error = #expect(throws: CairnError.self) { _ = try here.open("link", .write) }
    #expect(error?.errno == ELOOP)
    #expect(try here.linkTarget(of: "link") == Array("file".utf8))
  }

  @Test func `a very long link target is read whole`() throws {
    let target = [UInt8](repeating: UInt8(ascii: "x"), count: 4000)
    try here.makeSymlink("link", target: RawPath(target))
    #expect(try here.linkTarget(of: "link") == target)
  }

  @Test(arguments: [false, true])
  func `a path beneath a directory can't leave it`(stepwise: Bool) throws {
    try here.makeDirectories("a/b")
    try here.writeFile("a/b/file", [1], replacing: false)
    try here.makeSymlink("a/out", target: RawPath(temporary.path.bytes))
    try here.makeSymlink("a/b/link", target: "file")
    func open(_ path: RawPath, _ options: OpenOptions = .read) throws {
      _ =
        stepwise
        ? try here.openStepwise(path, options, mode: 0o600)
        : try here.openBeneath(path, options)
    }
    try open("a/b", [.directory, .placeOnly])
    try open("a/b/new", [.write, .createNew])
    #expect(code { try open("a/b/new", [.write, .createNew]) } == .exists)
    #expect(code { try open("a/b/link", [.write, .createNew]) } == .exists)
    try open("a/b/file")
    try open("a/./b")
    try open("a")
    for path: RawPath in ["a/out", "a/out/a", "a/b/link", "../x", "a/../../x", "/etc/passwd"] {
      #expect(throws: CairnError.self) { try open(path) }
    }
  }

  @Test func `owner, mode and time belong to the entry itself`() throws {
    _ = try here.open("file", [.write, .createNew], mode: 0o600)
    try here.makeSymlink("link", target: "file")
    let time = Timestamp(seconds: -5, nanoseconds: 123_456_789)
    try here.setModificationTime(of: "link", time)
    try here.setMode(of: "link", 0o777)
    #expect(try here.status(of: "link").mtime == time)
    #expect(try here.status(of: "file").mtime != time)
    #expect(try here.status(of: "file").mode == 0o600)

    try here.setMode(of: "file", 0o4751)
    try here.setModificationTime(of: "file", time)
    let status = try here.status(of: "file")
    #expect(status.mode == 0o4751)
    #expect(status.mtime == time)
    if getuid() == 0 {
      try here.setOwner(of: "link", uid: 12, gid: 34)
      #expect(try here.status(of: "link").uid == 12)
      #expect(try here.status(of: "file").uid == 0)
    }
  }

  @Test func `opening a FIFO waits for nobody`() throws {
    try here.makeNode("fifo", type: .fifo)
    #expect(try here.open("fifo", .read).status().type == .fifo)
    let error = #expect(throws: CairnError.self) { _ = try here.open("fifo", .write) }
    #expect(error?.errno == ENXIO)
  }

  @Test func `renaming replaces only when asked`() throws {
    try here.writeFile("a", [1], replacing: false)
    try here.writeFile("b", [2], replacing: false)
    #expect(code { try here.rename("a", to: "b", replacing: false) } == .exists)
    try here.rename("a", to: "b", replacing: true)
    #expect(try here.readFile("b", byteCountMax: 10) == [1])
    try here.rename("b", to: "c", replacing: false)
    #expect(try here.statusIfPresent(of: "b") == nil)
    try here.removeFile("c")
  }

  @Test func `hard links share an inode and devices keep their numbers`() throws {
    try here.writeFile("a", [1], replacing: false)
    try here.makeHardLink("b", to: "a")
    let status = try here.status(of: "b")
    #expect(try status.inode == here.status(of: "a").inode)
    #expect(status.linkCount == 2)
    guard getuid() == 0 else { return }
    let refused = code {
      try here.makeNode("device", type: .characterDevice, mode: 0o600, major: 1, minor: 300)
    }
    // In a container even root may not.
    if refused == .denied { return }
    #expect(refused == nil)
    let device = try here.status(of: "device")
    #expect(device.type == .characterDevice)
    #expect(device.targetMajor == 1 && device.targetMinor == 300)
  }

  @Test func `the device number is packed as the C library packs it`() throws {
    var expected = stat()
    #expect(stat(temporary.text, &expected) == 0)
    #expect(try root.descriptor.status().device == UInt64(expected.st_dev))
  }
}
