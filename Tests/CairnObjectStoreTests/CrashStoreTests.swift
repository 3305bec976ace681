import CairnCore
import CairnObjectStore
import CairnTesting
import Testing

@Suite struct CrashStoreTests {
  @Test(arguments: ObjectStoreConformance.checks)
  func `without a crash the contract is kept`(check: ObjectStoreConformance) throws {
    try check.run(CrashStore(MemoryStore()))
  }

  @Test func `each crash point leaves what was stored before it`() throws {
    let complete = CrashStore(MemoryStore())
    try writePackAndIndex(complete)
    #expect(complete.mutatingCallCount == 5)
    for point in 0..<complete.mutatingCallCount {
      let beneath = MemoryStore()
      let store = CrashStore(beneath, crashingAt: point)
      do throws(CairnError) {
        try writePackAndIndex(store)
        Issue.record("no crash at \(point)")
      } catch {
        #expect(error.isSimulatedCrash)
      }
      #expect(store.hasCrashed)
      #expect(try beneath.list(.packs).count == (point > 3 ? 1 : 0))
      #expect(try beneath.list(.index).isEmpty)
      #expect(throws: CairnError.self) { _ = try store.list(.packs) }
    }
  }

  @Test func `an upload cut off by a crash stays behind as a leftover`() throws {
    let scratch = ScratchFolder()
    let beneath = try scratch.makeStore()
    let store = CrashStore(beneath, crashingAt: 3)
    #expect(throws: CairnError.self) { try writePackAndIndex(store) }
    #expect(scratch.names(in: "tmp").count == 1)
    #expect(try beneath.removeLeftovers(olderThan: 0) > 0)
    #expect(scratch.names(in: "tmp") == [])
  }

  private func writePackAndIndex(_ store: any ObjectStore) throws(CairnError) {
    let upload = try store.beginUpload()
    let bytes = [UInt8](repeating: 7, count: 4096)
    for offset in [UInt64(0), 4096] {
      var failure: CairnError?
      bytes.withUnsafeBytes { bytes in
        do throws(CairnError) { try upload.write(bytes, at: offset) } catch { failure = error }
      }
      if let failure { throw failure }
    }
    try upload.commit(as: sampleKey(.packs, 1), byteCount: 8192)
    try store.put(sampleKey(.index, 1), [1], mode: .keepExisting)
  }
}
