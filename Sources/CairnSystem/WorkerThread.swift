internal import CCairnSystem
package import CairnCore
internal import Glibc
internal import Synchronization

/// A thread of our own for work that computes or blocks. It must be joined.
package struct WorkerThread: ~Copyable, Sendable {
  /// Deep recursion (trees) and big stack buffers fit.
  package static let stackByteCount = 4 << 20

  private let handle: pthread_t
  private let task: Task

  private final class Task: Sendable {
    let name: String
    let body: @Sendable () throws(CairnError) -> Void
    let failure = Mutex<CairnError?>(nil)

    init(name: String, body: @escaping @Sendable () throws(CairnError) -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts the thread; `name` shows in debuggers, its first 15 bytes.
  package init(
    name: String, stackByteCount: Int = WorkerThread.stackByteCount,
    _ body: @escaping @Sendable () throws(CairnError) -> Void
  ) throws(CairnError) {
    task = Task(name: name, body: body)
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackByteCount)
    var handle = pthread_t()
    let argument = Unmanaged.passRetained(task)
    let result = pthread_create(
      &handle, &attributes,
      { argument in
        let task = Unmanaged<Task>.fromOpaque(argument!).takeRetainedValue()
        cairn_name_thread(task.name)
        do throws(CairnError) {
          try task.body()
        } catch {
          task.failure.withLock { $0 = error }
        }
        return nil
      }, argument.toOpaque())
    guard result == 0 else {
      argument.release()
      throw CairnError.system(result, "start thread", name)
    }
    self.handle = handle
  }

  /// Waits for the end and throws what the body threw.
  package consuming func join() throws(CairnError) {
    let result = pthread_join(handle, nil)
    precondition(result == 0, "a thread is joined once, by another one")
    if let failure = task.failure.withLock({ $0 }) { throw failure }
  }

  /// Sends a signal to this thread alone.
  func send(signal: Int32) {
    pthread_kill(handle, signal)
  }
}
