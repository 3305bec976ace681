import CairnCore
import CairnObjectStore
import CairnTesting
import Glibc
import Testing

@Suite struct DirectoryStoreTests {
  @Test(arguments: ObjectStoreConformance.checks)
  func `a directory store keeps the contract`(check: ObjectStoreConformance) throws {
    let scratch = ScratchFolder()
    try check.run(try scratch.makeStore())
    #expect(scratch.names(in: "tmp") == [])
  }

  @Test(arguments: ObjectStoreConformance.checks)
  func `a directory store without direct writing keeps the contract`(
    check: ObjectStoreConformance
  ) throws {
    let scratch = ScratchFolder()
    try check.run(try scratch.makeStore(usesDirectIO: false))
    #expect(scratch.names(in: "tmp") == [])
  }

  @Test func `what one store wrote another reads`() throws {
    let scratch = ScratchFolder()
    let writer = try scratch.makeStore()
    let reader = scratch.openStore()
    try writer.put(.config, [1, 2, 3], mode: .failIfExisting)
    #expect(try reader.readAll(.config, byteCountMax: 10) == [1, 2, 3])
  }

  @Test func `a reader notices that another process replaced or deleted a pack`() throws {
    let scratch = ScratchFolder()
    let writer = try scratch.makeStore()
    let reader = scratch.openStore()
    let key = sampleKey(.packs, 1)
    try writer.put(key, [1, 2, 3, 4], mode: .replace)
    #expect(try readRange(reader, key, 0..<4) == [1, 2, 3, 4])
    try writer.put(key, [5, 6, 7, 8], mode: .replace)
    #expect(try readRange(reader, key, 0..<4) == [5, 6, 7, 8])
    try writer.delete(key)
    expect(.notFound) { () throws(CairnError) in _ = try readRange(reader, key, 0..<4) }
  }

  @Test func `more packs than stay open can be read`() throws {
    let scratch = ScratchFolder()
    let store = try scratch.makeStore()
    for number in UInt8(0)..<80 {
      try store.put(sampleKey(.packs, number), [number], mode: .keepExisting)
    }
    for number in (UInt8(0)..<80).reversed() {
      #expect(try readRange(store, sampleKey(.packs, number), 0..<1) == [number])
    }
  }

  @Test func `folders are 0700 and files 0600`() throws {
    let scratch = ScratchFolder()
    let store = try scratch.makeStore()
    let key = sampleKey(.packs, 0xab)
    let upload = try store.beginUpload()
    try upload.commit(as: key, byteCount: 0)
    try store.put(.config, [1], mode: .failIfExisting)
    for (name, mode) in [
      ("", 0o700), ("packs", 0o700), ("packs/ab", 0o700), ("tmp", 0o700), (key.path, 0o600),
      ("config", 0o600),
    ] {
      var status = stat()
      #expect(stat("\(scratch.path)/store/\(name)", &status) == 0)
      #expect(status.st_mode & 0o777 == mode, "\(name)")
    }
  }

  @Test func `foreign files are not listed`() throws {
    let scratch = ScratchFolder()
    let store = try scratch.makeStore()
    try store.put(sampleKey(.packs, 0xab), [1], mode: .keepExisting)
    for name in [
      "README", "index/.nfs0001", "index/ABCDEF0123", "index/abc", "snapshots/x",
      "packs/ab/note", "packs/ab/cdef012345", "packs/abcdef0123",
    ] {
      scratch.writeFile(name, "foreign")
    }
    #expect(mkdir("\(scratch.path)/store/index/abcdef0123", 0o700) == 0)
    #expect(symlink("/etc/passwd", "\(scratch.path)/store/index/abcdef4567") == 0)
    #expect(try store.list(.index).isEmpty)
    #expect(try store.list(.snapshots).isEmpty)
    #expect(try store.list(.packs).map(\.key) == [sampleKey(.packs, 0xab)])
  }

  @Test func `leftovers are removed once they are old enough`() throws {
    let scratch = ScratchFolder()
    let store = try scratch.makeStore()
    scratch.writeFile("tmp/1-abc", "left by a crash")
    #expect(try store.removeLeftovers(olderThan: 3_600) == 0)
    #expect(scratch.names(in: "tmp") == ["1-abc"])
    let tomorrow = scratch.openStore(now: Int64(time(nil)) + 86_400)
    #expect(try tomorrow.removeLeftovers(olderThan: 3_600) > 0)
    #expect(scratch.names(in: "tmp") == [])
  }

  @Test func `nothing is created where no store is`() throws {
    let scratch = ScratchFolder()
    let store = scratch.openStore()
    expect(.notFound) { () throws(CairnError) in _ = try store.list(.packs) }
    expect(.notFound) { () throws(CairnError) in
      try store.put(.config, [1], mode: .replace)
    }
    expect(.notFound) { () throws(CairnError) in _ = try store.beginUpload() }
    #expect(access("\(scratch.path)/store", F_OK) != 0)
  }

  @Test func `a store is made with its parents and may be made again`() throws {
    let scratch = ScratchFolder()
    let store = DirectoryStore(path: scratch.path + "/a/b/c")
    try store.create()
    try store.put(.config, [1], mode: .failIfExisting)
    try store.create()
    #expect(try store.readAll(.config, byteCountMax: 1) == [1])
  }

  @Test func `folders that disappear are made again`() throws {
    let scratch = ScratchFolder()
    let store = try scratch.makeStore()
    let key = sampleKey(.packs, 0xab)
    try store.put(key, [1], mode: .keepExisting)
    try store.delete(key)
    #expect(rmdir("\(scratch.path)/store/packs/ab") == 0)
    #expect(rmdir("\(scratch.path)/store/tmp") == 0)
    try store.put(key, [2], mode: .keepExisting)
    #expect(try store.readAll(key, byteCountMax: 1) == [2])
  }

  private func expect(
    _ code: CairnError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws(CairnError) -> Void
  ) {
    do throws(CairnError) {
      try body()
      Issue.record("no error", sourceLocation: sourceLocation)
    } catch {
      #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    }
  }
}
