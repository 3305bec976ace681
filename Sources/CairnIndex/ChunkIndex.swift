package import CairnCore
internal import CairnFormat

/// Tells where each chunk of a repository lies: a local materialisation, in LMDB, of the
/// repository's index segments.
///
/// It is a cache and never the truth. Whatever is wrong with it, it is made anew, empty, and the
/// segments are applied again. It knows neither keys nor object stores: its owner lists the
/// segments of the repository, asks ``missingSegments(among:)`` for the difference, and hands in
/// the decoded ones.
///
/// Any number of threads and processes may use one index. Within a process all `ChunkIndex` values
/// of a folder share one environment. Writes wait for one another; look-ups, through an
/// ``IndexReader`` for each thread, never wait.
package final class ChunkIndex: Sendable {
  /// Rows a call of `apply` had better stay below. They are held in memory, 64 bytes each, besides
  /// the pages they touch: in a large index a page of 4 KiB for each row, up to LMDB's limit of
  /// 512 MiB, which the environment keeps until it is closed. A process that goes on for long after
  /// a large batch may want to let go of the index and open it again.
  package static let rowsPerBatch = 1 << 20

  let lease: EnvironmentLease
  var environment: IndexEnvironment { lease.environment }

  /// Whether an index was found but could not be used: damaged, from another version or
  /// repository, or left unsynced by a machine that went down. It is empty now.
  package var wasRebuilt: Bool { lease.wasRebuilt }

  private init(lease: EnvironmentLease) {
    self.lease = lease
  }

  /// Opens the index of a repository, making it and its folder when missing and making it anew
  /// when it can't be used.
  ///
  /// - Throws: what the file system refuses; damage is no error here, see ``wasRebuilt``.
  package static func open(directory: String, repositoryID: [UInt8]) throws(CairnError)
    -> ChunkIndex
  {
    try open(directory: directory, repositoryID: repositoryID, options: IndexOptions())
  }

  static func open(directory: String, repositoryID: [UInt8], options: IndexOptions)
    throws(CairnError) -> ChunkIndex
  {
    ChunkIndex(
      lease: try EnvironmentRegistry.lease(
        directory: directory, repositoryID: repositoryID, options: options))
  }

  /// A new reader, for one thread at a time. It keeps the index open.
  package func makeReader() -> IndexReader {
    IndexReader(lease: lease)
  }

  /// Puts the index on disk (20–400 ms after large changes), so that it is still believed after a
  /// reboot. Worth calling once at the end of a command that changed much; never needed for
  /// correctness.
  package func makeDurable() throws(CairnError) {
    try environment.sync()
  }

  /// Has the index thrown away when it is opened next. For callers that find out that it
  /// contradicts the repository.
  package func condemn() {
    environment.condemn()
  }

  /// Compares the segments the repository has with those in the index.
  ///
  /// - Returns: in `toApply` the given ones that are not in the index, in the order given; in
  ///   `toRemove` those in the index that were not given. Apply before removing: packs that a
  ///   merged segment names again are then kept rather than entered anew.
  package func missingSegments(among names: [ObjectName]) throws(CairnError) -> (
    toApply: [ObjectName], toRemove: [ObjectName]
  ) {
    let applied = try makeReader().segments()
    let appliedSet = Set(applied)
    let listed = Set(names)
    return (
      names.filter { !appliedSet.contains($0) }, applied.filter { !listed.contains($0) }
    )
  }
}
