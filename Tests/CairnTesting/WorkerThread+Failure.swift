package import CairnCore
package import CairnSystem

extension WorkerThread {
  /// Waits for the end and returns what the body threw, for looking at in an expectation (which
  /// can't consume the thread itself).
  package consuming func failure() -> CairnError? {
    do throws(CairnError) {
      try join()
      return nil
    } catch {
      return error
    }
  }
}
