package import CairnCore
package import CairnFormat
package import CairnObjectStore
internal import CairnSystem
internal import Synchronization

/// Threads that write finished parts of packs to the store, so that whoever compresses never waits
/// for a disk, and a slow disk slows everything once its buffers are used up.
package final class PackSink: Sendable {
  /// A pack on its way into the store.
  final class Upload: Sendable {
    private struct State {
      var writesUnderWay = 0
      var record: PackRecord?
    }

    let target: any ObjectUpload
    private let state = Mutex(State())

    init(target: any ObjectUpload) {
      self.target = target
    }

    func beginWrite() {
      state.withLock { $0.writesUnderWay += 1 }
    }

    /// The record, when this was the last write of a finished pack.
    func endWrite() -> PackRecord? {
      state.withLock { state in
        state.writesUnderWay -= 1
        return state.writesUnderWay == 0 ? state.record : nil
      }
    }

    /// No more writes will begin. The record, when none is under way either.
    func finish(_ record: PackRecord) -> PackRecord? {
      state.withLock { state in
        state.record = record
        return state.writesUnderWay == 0 ? record : nil
      }
    }
  }

  private enum Job: Sendable {
    case write(Upload, AlignedBuffer, offset: UInt64)
    case commit(Upload, PackRecord)
  }

  private let store: any ObjectStore
  private let jobs: BoundedQueue<Job>
  private let buffers: BufferPool
  private let threads: WorkerPool
  private let progress: Progress
  /// Whether the threads were waited for.
  private let hasEnded = Atomic<Bool>(false)

  /// - Parameters:
  ///   - bufferByteCount: of each buffer; room for the largest frame.
  ///   - bufferCount: in all, for open packs and for writes under way.
  ///   - onCommitted: called on a thread of the sink with each pack once it is durable.
  package init(
    store: any ObjectStore, bufferByteCount: Int, bufferCount: Int, threadCount: Int,
    progress: Progress, onCommitted: @escaping @Sendable (PackRecord) throws(CairnError) -> Void
  ) throws(CairnError) {
    self.store = store
    self.progress = progress
    let jobs = BoundedQueue<Job>(capacity: bufferCount * 2)
    let buffers = BufferPool(count: bufferCount, capacity: bufferByteCount)
    self.jobs = jobs
    self.buffers = buffers
    threads = try WorkerPool(
      name: "store", count: threadCount,
      onFailure: { error in
        jobs.fail(error)
        buffers.fail(error)
      }
    ) { (_) throws(CairnError) in
      while let job = try jobs.pop() {
        switch job {
        case .write(let upload, let buffer, let offset):
          try upload.target.write(buffer.filled, at: offset)
          progress.storedByteCount.add(buffer.byteCount)
          buffers.give(buffer)
          if let record = upload.endWrite() {
            try upload.target.commit(
              as: ObjectKey(.packs, record.name), byteCount: record.byteCount)
            try onCommitted(record)
          }
        case .commit(let upload, let record):
          try upload.target.commit(
            as: ObjectKey(.packs, record.name), byteCount: record.byteCount)
          try onCommitted(record)
        }
      }
    }
  }

  func takeBuffer() throws(CairnError) -> AlignedBuffer {
    try buffers.take()
  }

  func giveBack(_ buffer: AlignedBuffer) {
    buffers.give(buffer)
  }

  func begin() throws(CairnError) -> Upload {
    Upload(target: try store.beginUpload())
  }

  /// Writes the filled part of `buffer` at `offset` some time later, and then reuses it.
  func write(_ buffer: AlignedBuffer, to upload: Upload, at offset: UInt64) throws(CairnError) {
    upload.beginWrite()
    try jobs.push(.write(upload, buffer, offset: offset))
  }

  /// Commits the pack once its last write has ended.
  func finish(_ upload: Upload, _ record: PackRecord) throws(CairnError) {
    if let record = upload.finish(record) { try jobs.push(.commit(upload, record)) }
  }

  /// Waits until everything handed in is durable; throws the first failure.
  package func drain() throws(CairnError) {
    jobs.close()
    hasEnded.store(true, ordering: .releasing)
    try threads.join()
  }

  /// Stops at once; packs that are not durable yet are given up. No effect after ``drain()``, even
  /// when that threw.
  package func cancel() {
    if hasEnded.exchange(true, ordering: .acquiringAndReleasing) { return }
    let error = CairnError.interrupted
    jobs.fail(error)
    buffers.fail(error)
    do {
      try threads.join()
    } catch {
      // Whoever cancels has an error of its own to tell; this one is only its echo.
      return
    }
  }
}
