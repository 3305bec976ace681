internal import CairnCore
internal import CairnSystem
internal import Glibc

/// Says that the data file may hold writes the disk does not have yet, and under which boot of
/// the machine they were made.
///
/// The index is written with `MDB_NOSYNC`, because waiting for the disk (20–400 ms a transaction)
/// buys nothing for a cache. The death of a process does no harm then: its writes are in the page
/// cache. The death of the machine may leave any mixture of old and new pages. So before the first
/// write the boot's id is put on disk, durably; an index whose marker names another boot is thrown
/// away. A sync (``ChunkIndex/makeDurable()``) removes the marker and lets the index outlive a
/// reboot.
///
/// Made and removed only by whoever holds LMDB's writer lock, so processes can't disagree.
struct UnsyncedMarker: Sendable {
  let folder: IndexFolder
  let bootID: String

  /// Whether the data file can be believed.
  func allowsReading() throws(CairnError) -> Bool {
    guard let content = try IndexFolder.head(of: folder.markerPath, byteCount: 64) else {
      return true
    }
    return !bootID.isEmpty && content == [UInt8](bootID.utf8)
  }

  /// Makes sure the marker is there, before anything is written.
  func place() throws(CairnError) {
    if folder.exists(folder.markerPath) { return }
    try write(bootID)
  }

  /// Takes the marker away, after the data has reached the disk. The marker of a condemned index
  /// stays.
  func remove() throws(CairnError) {
    guard try allowsReading() else { return }
    // The name of the data file itself must be on disk before the marker goes.
    try folder.sync()
    if unlink(folder.markerPath) != 0 && errno != ENOENT {
      throw IndexFolder.failure("remove \(folder.markerPath)")
    }
  }

  /// Names no boot at all, so that the next to open the index throws it away.
  func condemn() throws(CairnError) {
    try write(UnsyncedMarker.damaged)
  }

  private static let damaged = "damaged"

  /// Sees to it that the index is thrown away after a crash of this process: LMDB trusts the pages
  /// it maps, so damage inside of a data file may end in reads from anywhere, at each run.
  func condemnOnCrash() throws(CairnError) {
    try FaultNote.arm(
      path: folder.markerPath, content: UnsyncedMarker.damaged,
      message: "cairn: crashed, perhaps because the local chunk index is damaged; "
        + "run again and it will be rebuilt")
  }

  private func write(_ content: String) throws(CairnError) {
    let temporary = folder.markerPath + ".\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw IndexFolder.failure("create \(temporary)") }
    defer { close(descriptor) }
    let bytes = [UInt8](content.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
      rename(temporary, folder.markerPath) == 0
    else { throw IndexFolder.failure("write \(folder.markerPath)") }
    try folder.sync()
  }
}
