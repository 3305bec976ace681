import CairnCore
import CairnTesting
import Testing

@testable import CairnSystem

struct ExtendedAttributesTests {
  let temporary: TemporaryDirectory
  let place = DirectoryHandle.working

  init() throws { temporary = try TemporaryDirectory() }

  private func attribute(_ name: String, _ value: [UInt8]) -> ExtendedAttribute {
    ExtendedAttribute(name: [UInt8](name.utf8), value: value)
  }

  /// Whether the file system under the test can do this at all; says so when not.
  private func isSupported(_ path: RawPath) throws(CairnError) -> Bool {
    do throws(CairnError) {
      try place.setExtendedAttribute(of: path, attribute("user.probe", []))
      try place.removeExtendedAttribute(of: path, [UInt8]("user.probe".utf8))
      return true
    } catch  where Errno.meansUnsupported(error.errno ?? 0) {
      print("skipped: no user attributes under \(path)")
      return false
    }
  }

  @Test(arguments: [false, true])
  func `attributes are set, listed sorted and removed`(onOldKernel: Bool) throws {
    useAttributeFallback(onOldKernel)
    defer { useAttributeFallback(false) }
    let path = temporary.appending("file")
    let file = try place.open(path, [.read, .write, .createNew])
    #expect(try file.extendedAttributes() == [])
    guard try isSupported(path) else { return }
    let values = [
      attribute("user.b", [0, 1, 255]), attribute("user.a", []),
      attribute("user.large", [UInt8](repeating: 5, count: 2000)),
    ]
    for value in values { try file.setExtendedAttribute(value) }
    let expected = values.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    #expect(try file.extendedAttributes() == expected)
    #expect(try place.extendedAttributes(of: path) == expected)

    let directory = try place.openDirectory(temporary.path)
    #expect(try directory.directory.extendedAttributes(of: "file") == expected)
    let more = attribute("user.c", [9])
    try directory.directory.setExtendedAttribute(of: "file", more)
    #expect(try file.extendedAttributes().contains(more))
    try directory.directory.removeExtendedAttribute(of: "file", more.name)
    try directory.directory.removeExtendedAttribute(of: "file", [UInt8]("user.b".utf8))
    try directory.directory.removeExtendedAttribute(of: "file", [UInt8]("user.b".utf8))
    try file.removeExtendedAttribute([UInt8]("user.large".utf8))
    #expect(try file.extendedAttributes() == [attribute("user.a", [])])
  }

  @Test func `many attributes are listed completely`() throws {
    let path = temporary.appending("file")
    let file = try place.open(path, [.read, .write, .createNew])
    guard try isSupported(path) else { return }
    let expected = (100..<180).map { attribute("user.name-long-enough-to-fill-\($0)", [1]) }
    for value in expected { try file.setExtendedAttribute(value) }
    #expect(try file.extendedAttributes() == expected)
  }

  @Test func `a link's target is not asked and special files have none`() throws {
    try FileTree([
      .file("file", attributes: [attribute("user.a", [1])]), .symlink("link", to: "file"),
      .fifo("fifo"),
    ]).build(at: temporary.appending("d"))
    let directory = try place.openDirectory(temporary.appending("d"))
    #expect(try directory.directory.extendedAttributes(of: "link") == [])
    #expect(try directory.directory.extendedAttributes(of: "fifo") == [])
  }

  @Test func `an access control list is an attribute like others`() throws {
    let acl = ExtendedAttribute.accessACL(user: 1234, permissions: 4)
    let skipped = try FileTree([.file("file", mode: nil, attributes: [acl])])
      .build(at: temporary.appending("d"))
    guard skipped.isEmpty else { return print(skipped) }
    #expect(try place.extendedAttributes(of: temporary.appending("d/file")) == [acl])
  }
}
