internal import CLMDB
internal import CairnCore
internal import Glibc

/// Turns what LMDB reports into errors for people.
enum IndexDamage {
  /// The index holds something it can't hold. It is a cache, so the message says how little harm
  /// is done.
  static func error(_ what: String) -> CairnError {
    .damaged("\(opening) (\(what)); run again and it will be rebuilt")
  }

  private static let opening = "the local chunk index is damaged"

  /// Whether `error` is about the index itself, not about what a caller's closure came across.
  static func isOwn(_ error: CairnError) -> Bool {
    error.code == .damaged && error.message.hasPrefix(opening)
  }

  /// Whether `status` says that the file, not the machine or the caller, is at fault.
  static func isDamage(_ status: Int32) -> Bool {
    switch status {
    case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_PANIC,
      MDB_INCOMPATIBLE, MDB_BAD_DBI, MDB_BAD_VALSIZE, MDB_CURSOR_FULL, MDB_PAGE_FULL,
      MDB_NOTFOUND:
      true
    default: false
    }
  }

  static func error(_ status: Int32, _ doing: String) -> CairnError {
    let reason = String(cString: mdb_strerror(status))
    if isDamage(status) { return error("\(doing): \(reason)") }
    let message = "local chunk index: \(doing): \(reason)"
    let errno: Int32? = status > 0 ? status : nil
    return switch status {
    case ENOSPC, EDQUOT: CairnError(.outOfSpace, message, errno: errno)
    case EACCES, EPERM, EROFS: CairnError(.denied, message, errno: errno)
    case MDB_READERS_FULL: CairnError(.busy, message)
    default: CairnError(.failed, message, errno: errno)
    }
  }
}
