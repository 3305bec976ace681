import CairnCore
import CairnMaintenance
import CairnObjectStore
import CairnRepository
import CairnTesting
import Testing

@Suite struct ForgetTests {
  @Test func `forgotten snapshots are gone and the rest is sound`() throws {
    let fixture = try VerifyTests.makeFixture()
    let repository = try fixture.open()
    let snapshots = try repository.catalog.load().snapshots
    try Forget.execute(removing: [snapshots[0]], in: repository)
    let contents = try repository.catalog.load()
    #expect(contents.snapshots == [snapshots[1]])
    #expect(contents.damage.isEmpty)
    #expect(try VerifyTests.verify(repository).damage == [])
    #expect(try fixture.store.list(.leases).isEmpty)
  }

  @Test func `a crash while forgetting leaves a sound repository`() throws {
    for point in 0..<100 {
      let fixture = try VerifyTests.makeFixture()
      let all = try fixture.open().catalog.load().snapshots
      let crashing = CrashStore(fixture.store, crashingAt: point)
      let repository = try fixture.open(crashing)
      var isDone = true
      do throws(CairnError) {
        try Forget.execute(removing: [all[0]], in: repository)
      } catch {
        #expect(error.isSimulatedCrash)
        isDone = false
      }
      try fixture.sweepLeases()
      let report = try VerifyTests.verify(try fixture.open())
      #expect(report.damage == [], "crash point \(point)")
      if isDone {
        #expect(!crashing.hasCrashed && point > 3)
        return
      }
    }
    Issue.record("it never ended")
  }
}
