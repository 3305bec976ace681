package import CairnCore
package import CairnSystem

/// A directory for one test, removed with everything in it when the last reference goes.
package final class TemporaryDirectory: Sendable {
  package let path: RawPath

  /// Lies in `CAIRN_TEST_TMPDIR` when that is set (to test other file systems), else in `/tmp`.
  package init() throws(CairnError) {
    let parent = Environment.value("CAIRN_TEST_TMPDIR") ?? "/tmp"
    let name = "cairn-test-" + Hex.encode(try SystemRandom.bytes(8))
    path = RawPath(parent).appending(RawPath(name))
    try DirectoryHandle.working.makeDirectory(path)
  }

  deinit {
    do throws(CairnError) {
      try FileTree.remove(path)
    } catch {
      print("the temporary directory \(path) is left behind: \(error)")
    }
  }

  /// A path in it.
  package func appending(_ name: RawPath) -> RawPath { path.appending(name) }

  /// The path as text, for calls that want a string.
  package var text: String { path.displayText }
}
