internal import CairnCore
internal import Glibc
internal import Synchronization

/// Runs `body` on `count` threads at once, each with its number, and waits for all of them.
/// Rethrows the first error.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws(CairnError) -> Void)
  throws(CairnError)
{
  let crew = ThreadCrew(body)
  let threads = (0..<count).map { _ in
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<ThreadCrew>.fromOpaque(argument!).takeRetainedValue().work()
        return nil
      }, Unmanaged.passRetained(crew).toOpaque())
    precondition(status == 0, "no thread to be had")
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
  if let failure = crew.failure { throw failure }
}

private final class ThreadCrew: Sendable {
  private let body: @Sendable (Int) throws(CairnError) -> Void
  private let nextNumber = Counter()
  private let firstFailure = Mutex<CairnError?>(nil)

  init(_ body: @escaping @Sendable (Int) throws(CairnError) -> Void) {
    self.body = body
  }

  var failure: CairnError? { firstFailure.withLock { $0 } }

  func work() {
    do throws(CairnError) {
      try body(nextNumber.increment() - 1)
    } catch {
      firstFailure.withLock { if $0 == nil { $0 = error } }
    }
  }
}

/// A number that several threads count up.
final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  /// Returns the new value.
  @discardableResult
  func increment() -> Int {
    count.add(1, ordering: .acquiringAndReleasing).newValue
  }

  var value: Int { count.load(ordering: .acquiring) }
}
