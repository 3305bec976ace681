import CairnCore
import CairnSystem
import CairnTesting
import Testing

struct FileLockTests {
  let path: RawPath
  let temporary: TemporaryDirectory

  init() throws {
    temporary = try TemporaryDirectory()
    path = temporary.appending("lock")
  }

  private func isFree(_ mode: FileLock.Mode) throws -> Bool {
    guard let lock = try FileLock.attempt(path, mode) else { return false }
    try lock.unlock()
    return true
  }

  @Test func `an exclusive lock keeps everybody else out until it goes`() throws {
    do {
      let lock = try FileLock.wait(for: path)
      #expect(try !isFree(.exclusive))
      #expect(try !isFree(.shared))
      try lock.unlock()
    }
    #expect(try isFree(.exclusive))
  }

  @Test func `shared locks go together`() throws {
    let lock = try FileLock.wait(for: path, .shared)
    #expect(try isFree(.shared))
    #expect(try !isFree(.exclusive))
    try lock.unlock()
  }

  @Test func `a waiting thread gets the lock when it is given up`() throws {
    let lock = try FileLock.wait(for: path)
    let path = path
    let waiter = try WorkerThread(name: "waiter") { () throws(CairnError) in
      try FileLock.wait(for: path).unlock()
    }
    try lock.unlock()
    try waiter.join()
  }
}
