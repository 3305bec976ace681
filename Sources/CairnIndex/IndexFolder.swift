internal import CairnCore
internal import Glibc

/// The folder an index lives in and the few system calls it needs.
struct IndexFolder: Sendable {
  let path: String

  var dataPath: String { path + "/data.mdb" }
  var lockPath: String { path + "/lock.mdb" }
  /// Present while the data file may hold writes that are not on disk; see ``UnsyncedMarker``.
  var markerPath: String { path + "/unsynced" }
  var openLockPath: String { path + "/open.lock" }

  /// Makes the folder (and those above it, for the owner alone) and finds its one true path.
  init(creating path: String) throws(CairnError) {
    var prefix = path.utf8.first == UInt8(ascii: "/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += part
      if mkdir(prefix, 0o700) != 0 && errno != EEXIST {
        throw IndexFolder.failure("create \(prefix)")
      }
      prefix += "/"
    }
    guard let resolved = realpath(path, nil) else { throw IndexFolder.failure("find \(path)") }
    defer { free(resolved) }
    self.path = String(cString: resolved)
  }

  static func failure(_ doing: String) -> CairnError {
    let status = errno
    return IndexDamage.error(status, doing)
  }

  func exists(_ file: String) -> Bool { access(file, F_OK) == 0 }

  /// Runs `body` while no other process opens this index.
  func whileLocked<R>(_ body: () throws(CairnError) -> R) throws(CairnError) -> R {
    let descriptor = open(openLockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw IndexFolder.failure("open \(openLockPath)") }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      if errno != EINTR { throw IndexFolder.failure("lock \(openLockPath)") }
    }
    return try body()
  }

  /// Removes the index. Processes that have it open keep what they see: it is theirs alone then.
  func discard() throws(CairnError) {
    // The marker goes last: until the data is gone, a crash must not make it look trustworthy.
    for file in [dataPath, lockPath, markerPath] where unlink(file) != 0 && errno != ENOENT {
      throw IndexFolder.failure("remove \(file)")
    }
  }

  func sync() throws(CairnError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IndexFolder.failure("open \(path)") }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 { throw IndexFolder.failure("sync \(path)") }
  }

  /// Whether `descriptor` is still the file that `data.mdb` names.
  func isCurrent(_ descriptor: Int32) -> Bool {
    var held = stat()
    var named = stat()
    return fstat(descriptor, &held) == 0 && stat(dataPath, &named) == 0
      && held.st_ino == named.st_ino && held.st_dev == named.st_dev
  }

  /// Up to `byteCount` bytes from the beginning of a file; `nil` when it does not exist.
  static func head(of file: String, byteCount: Int) throws(CairnError) -> [UInt8]? {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("open \(file)")
    }
    defer { close(descriptor) }
    var status: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      while count < byteCount {
        let got = pread(descriptor, buffer.baseAddress! + count, byteCount - count, off_t(count))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { status = errno }
        if got <= 0 { break }
        count += got
      }
    }
    if status != 0 { throw IndexDamage.error(status, "read \(file)") }
    return bytes
  }

  /// Identifies this run of the machine; empty when the system does not tell.
  static func currentBootID() throws(CairnError) -> String {
    let bytes = try head(of: "/proc/sys/kernel/random/boot_id", byteCount: 64) ?? []
    return String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self)
  }
}
