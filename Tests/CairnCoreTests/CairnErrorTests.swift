import CairnCore
import Testing

struct CairnErrorTests {
  @Test(
    arguments: [
      (.failed, 1), (.notFound, 1), (.exists, 1), (.outOfSpace, 1), (.denied, 1),
      (.unsupported, 1), (.usage, 2), (.noRepository, 10), (.busy, 11), (.wrongPassword, 12),
      (.damaged, 13), (.interrupted, 130),
    ] as [(CairnError.Code, Int32)])
  func `each kind of failure has its exit status`(code: CairnError.Code, status: Int32) {
    #expect(ExitStatus(code).rawValue == status)
  }

  @Test func `an error told from above keeps its kind`() {
    let error = CairnError(.denied, "cannot read x", errno: 13).within("backup")
    #expect(error.code == .denied)
    #expect(error.errno == 13)
    #expect(error.message == "backup: cannot read x")
  }

  @Test func `a requested stop is noticed and stays`() throws {
    let cancellation = Cancellation()
    try cancellation.check()
    cancellation.request()
    #expect(cancellation.isRequested)
    let error = try #require(throws: CairnError.self) { try cancellation.check() }
    #expect(error.code == .interrupted)
  }
}
