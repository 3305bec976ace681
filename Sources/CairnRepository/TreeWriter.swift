package import CairnCore
internal import CairnCrypto
internal import CairnFormat
internal import CairnIndex

/// Stores the pages of trees: each is a chunk of kind `tree`, deduplicated like any other. For one
/// thread.
package final class TreeWriter {
  /// Raw bytes of a frame of pages. Smaller than a data frame: who looks for one directory reads
  /// no more than this.
  package static let frameByteCount = 256 << 10

  private let session: WriteSession
  private let index: IndexReader
  private let writer: PackWriter
  private let key: SecretBytes
  private var raw: [UInt8] = []
  private var chunks: [ChunkRecord] = []

  package init(session: WriteSession) {
    self.session = session
    index = session.repository.index.makeReader()
    writer = session.makePackWriter(.tree)
    key = session.repository.keys.chunkIDKey(.tree)
    raw.reserveCapacity(TreeWriter.frameByteCount * 2)
  }

  /// Stores a page unless the repository has it.
  package func store(_ page: [UInt8]) throws(CairnError) -> ChunkID {
    let id = ChunkID(page.withUnsafeBytes { HMACSHA256.authenticate($0, key: key) })
    guard try session.claim(id, index: index) else { return id }
    if !raw.isEmpty && raw.count + page.count > TreeWriter.frameByteCount { try flush() }
    raw.append(contentsOf: page)
    chunks.append(ChunkRecord(id: id, byteCount: UInt32(page.count)))
    session.countNewChunk(byteCount: page.count)
    return id
  }

  private func flush() throws(CairnError) {
    guard !raw.isEmpty else { return }
    let result: Result<Void, CairnError> = raw.withUnsafeBytes { raw in
      chunks.withUnsafeBufferPointer { chunks in
        do throws(CairnError) {
          try writer.append(raw, chunks: chunks)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
    raw.removeAll(keepingCapacity: true)
    chunks.removeAll(keepingCapacity: true)
  }

  /// Writes what is left. Before the session commits.
  package func finish() throws(CairnError) {
    try flush()
    try writer.finish()
  }
}
