internal import Glibc

/// A mutex and some conditions, at addresses that never move. What it guards lives beside it, in
/// the class that owns it.
final class Monitor: @unchecked Sendable {
  // Unchecked: the pthread objects are made for being shared.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let conditions: UnsafeMutablePointer<pthread_cond_t>
  private let conditionCount: Int

  init(conditionCount: Int) {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    conditions = .allocate(capacity: conditionCount)
    conditions.initialize(repeating: pthread_cond_t(), count: conditionCount)
    for index in 0..<conditionCount { pthread_cond_init(conditions + index, nil) }
    self.conditionCount = conditionCount
  }

  deinit {
    for index in 0..<conditionCount { pthread_cond_destroy(conditions + index) }
    conditions.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  @inline(__always) func lock() { pthread_mutex_lock(mutex) }
  @inline(__always) func unlock() { pthread_mutex_unlock(mutex) }
  /// Gives the lock up while waiting. May return for no reason: ask again what was waited for.
  @inline(__always) func wait(_ condition: Int) { pthread_cond_wait(conditions + condition, mutex) }
  @inline(__always) func signal(_ condition: Int) { pthread_cond_signal(conditions + condition) }

  func wakeAll() {
    for index in 0..<conditionCount { pthread_cond_broadcast(conditions + index) }
  }
}
