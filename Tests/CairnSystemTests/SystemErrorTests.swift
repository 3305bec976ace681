import CairnCore
import CairnSystem
import Glibc
import Testing

struct SystemErrorTests {
  @Test func `errno decides the code and the message names operation, path and reason`() {
    let error = CairnError.system(EACCES, "open", "/a/b")
    #expect(error.message == "cannot open /a/b: Permission denied")
    #expect(error.code == .denied)
    #expect(error.errno == EACCES)
  }

  @Test(arguments: [
    (ENOSPC, CairnError.Code.outOfSpace), (EDQUOT, .outOfSpace), (EPERM, .denied),
    (ENOENT, .notFound), (EEXIST, .exists), (EIO, .failed),
  ])
  func `each errno has its code`(errno: Int32, code: CairnError.Code) {
    #expect(CairnError.system(errno, "do").code == code)
  }
}
