import CairnCore
import Glibc
import Testing

@testable import CairnSystem

struct SignalWatcherTests {
  @Test func `the first signal and later ones are told apart`() throws {
    let seen = BoundedQueue<String>(capacity: 8)
    // Real ones would go to the whole test process; these go to the watching thread alone.
    let watcher = try SignalWatcher(
      signals: [SIGUSR1, SIGUSR2],
      onFirst: { number in seen.pushOrRecord("first \(number)") },
      onRepeated: { number in seen.pushOrRecord("again \(number)") })
    watcher.send(signal: SIGUSR1)
    #expect(try seen.pop() == "first \(SIGUSR1)")
    watcher.send(signal: SIGUSR2)
    #expect(try seen.pop() == "again \(SIGUSR2)")
    watcher.send(signal: SIGUSR1)
    #expect(try seen.pop() == "again \(SIGUSR1)")
    try watcher.stop()
  }

  @Test func `a signal that is sent twice at once counts once`() throws {
    let seen = BoundedQueue<String>(capacity: 8)
    let watcher = try SignalWatcher(
      signals: [SIGUSR1, SIGUSR2], echo: 1 << 62,
      onFirst: { number in
        seen.pushOrRecord("first")
        // Pending before the watcher looks again.
        pthread_kill(pthread_self(), number)
      },
      onRepeated: { _ in seen.pushOrRecord("again") })
    watcher.send(signal: SIGUSR1)
    #expect(try seen.pop() == "first")
    try watcher.stop()
    seen.pushOrRecord("end")
    #expect(try seen.pop() == "end")
  }

  @Test func `an interrupt requests cancellation`() throws {
    let cancellation = Cancellation()
    let told = BoundedQueue<String>(capacity: 1)
    let watcher = try SignalWatcher(
      signals: [SIGUSR1],
      onFirst: { _ in
        cancellation.request()
        told.pushOrRecord("done")
      })
    #expect(!cancellation.isRequested)
    watcher.send(signal: SIGUSR1)
    _ = try told.pop()
    #expect(cancellation.isRequested)
    try watcher.stop()
  }
}

extension BoundedQueue {
  fileprivate func pushOrRecord(_ element: Element) {
    do throws(CairnError) {
      try push(element)
    } catch {
      Issue.record(error)
    }
  }
}
