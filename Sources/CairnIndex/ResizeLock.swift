internal import Glibc

/// Many transactions or one change of the map: LMDB moves its memory map when it grows, which no
/// transaction of the process survives.
final class ResizeLock: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_rwlock_t>

  init() {
    lock = .allocate(capacity: 1)
    let status = pthread_rwlock_init(lock, nil)
    precondition(status == 0, "a read/write lock can't be made")
  }

  deinit {
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  }

  func enterShared() {
    let status = pthread_rwlock_rdlock(lock)
    precondition(status == 0, "too many transactions")
  }

  func enterExclusive() {
    let status = pthread_rwlock_wrlock(lock)
    precondition(status == 0, "the map is being changed by this very thread")
  }

  func leave() {
    pthread_rwlock_unlock(lock)
  }
}
