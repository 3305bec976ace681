internal import Glibc

/// A folder of a test's own, removed with everything in it when the test lets go of it.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() {
    var template = Array("/tmp/cairn-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("no temporary folder") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    let status = nftw(path, { name, _, _, _ in remove(name!) }, 16, FTW_DEPTH | FTW_PHYS)
    precondition(status == 0 || errno == ENOENT, "can't remove \(path)")
  }
}
