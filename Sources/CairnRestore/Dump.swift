package import CairnCore
package import CairnFormat
package import CairnRepository
internal import CairnSystem
internal import Synchronization

/// Writes one file of a snapshot to a descriptor, in order: to a pipe, a tape, another program.
package enum Dump {
  private static let bufferByteCount = 1 << 20
  private static let bufferCount = 6

  /// Content, then where it goes: a hole is written as zeros.
  private struct Piece: Sendable {
    let buffer: AlignedBuffer?
    let zeroCount: UInt64
  }

  /// Writes the whole file, holes as zeros. Another thread reads ahead. `notFound` when there is no
  /// such file, `usage` when it is not a regular one, `damaged` when chunks of it are; then what
  /// was written so far is right, but not all.
  package static func file(
    at path: [[UInt8]], of snapshot: SnapshotRecord, in repository: Repository,
    to descriptor: Int32, cancellation: Cancellation = Cancellation()
  ) throws(CairnError) {
    guard !path.isEmpty else { throw CairnError(.usage, "name a file of the snapshot to dump") }
    let root = try snapshot.directory()
    let queue = BoundedQueue<Piece>(capacity: bufferCount)
    let pool = BufferPool(count: bufferCount, capacity: bufferByteCount)
    let fail: @Sendable (CairnError) -> Void = { error in
      queue.fail(error)
      pool.fail(error)
    }
    let reading = try WorkerPool(name: "dump", count: 1, onFailure: fail) {
      _ throws(CairnError) in
      let reader = TreeReader(repository)
      let node = try reader.entry(at: path, from: root)
      guard node.type == .regular else {
        throw CairnError(.usage, "only regular files can be dumped, not directories or links")
      }
      try read(node, reader, queue, pool, cancellation)
      queue.close()
    }
    do throws(CairnError) {
      try write(queue, pool, to: descriptor)
    } catch {
      fail(error)
      // The reader's own failure is what reached the writer, so either tells the same.
      try reading.join()
      throw error
    }
    try reading.join()
  }

  private static func read(
    _ node: Node, _ reader: TreeReader, _ queue: BoundedQueue<Piece>, _ pool: BufferPool,
    _ cancellation: Cancellation
  ) throws(CairnError) {
    var extents = (node.extents ?? [DataExtent(offset: 0, byteCount: node.size)])[...]
    var position: UInt64 = 0
    var buffer: AlignedBuffer?

    func flush() throws(CairnError) {
      if let full = buffer { try queue.push(Piece(buffer: full, zeroCount: 0)) }
      buffer = nil
    }
    /// Writes zeros up to where the next data run begins.
    func skipHole(to end: UInt64) throws(CairnError) {
      guard end > position else { return }
      try flush()
      try queue.push(Piece(buffer: nil, zeroCount: end - position))
      position = end
    }

    try reader.forEachChunk(of: node.content) { (reference) throws(CairnError) in
      try cancellation.check()
      try reader.chunks.read(reference.id, kind: .data) { (bytes) throws(CairnError) in
        guard UInt64(bytes.count) == reference.byteCount else {
          throw CairnError.damaged("chunk \(reference.id) is not as long as its file says")
        }
        var done = 0
        while done < bytes.count {
          while let first = extents.first, first.end <= position { extents.removeFirst() }
          guard let extent = extents.first else {
            throw CairnError.damaged("the content is longer than the data runs of its file")
          }
          try skipHole(to: extent.offset)
          if let full = buffer, full.byteCount == full.capacity { try flush() }
          let place = if let buffer { buffer } else { try pool.take() }
          buffer = place
          let count = min(
            bytes.count - done, place.capacity - place.byteCount, Int(extent.end - position))
          (place.pointer + place.byteCount).copyMemory(
            from: bytes.baseAddress! + done, byteCount: count)
          place.byteCount += count
          done += count
          position += UInt64(count)
        }
      }
    }
    try skipHole(to: node.size)
    try flush()
  }

  private static func write(
    _ queue: BoundedQueue<Piece>, _ pool: BufferPool, to descriptor: Int32
  ) throws(CairnError) {
    let zeros = [UInt8](repeating: 0, count: 1 << 16)
    let output = BorrowedFile(descriptor)
    while let piece = try queue.pop() {
      try output.using { (file) throws(CairnError) in
        if let buffer = piece.buffer { try file.write(buffer.filled) }
        var rest = piece.zeroCount
        while rest > 0 {
          let count = Int(min(rest, UInt64(zeros.count)))
          try zeros.withBytes { (bytes) throws(CairnError) in
            try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
          }
          rest -= UInt64(count)
        }
      }
      if let buffer = piece.buffer { pool.give(buffer) }
    }
  }
}
