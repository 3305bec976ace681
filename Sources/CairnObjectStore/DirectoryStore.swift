package import CairnCore
internal import Glibc
internal import Synchronization

/// Objects as files of a local directory.
///
/// The layout is that of ``ObjectKey/path``, with a folder `tmp` beside it for what is being
/// written. Folders have mode 0700 and files 0600: not 0400, because some network file systems
/// refuse to delete a read-only file.
///
/// An object is written under `tmp`, synced, renamed into place, and its folder synced; a crash
/// leaves it whole or leaves a file in `tmp`. Nothing is created by opening a store: where there is
/// none, reads answer `notFound`.
package final class DirectoryStore: ObjectStore {
  package let location: String
  /// Path of the folder, with a slash at its end.
  let root: String
  private let openPacks = OpenPacks(capacity: 32)
  /// Folders below the root that this process knows to exist durably.
  private let knownFolders = Mutex<Set<String>>([])
  private let now: @Sendable () -> Int64
  let usesDirectIO: Bool

  /// A store in the folder `path`, which need not exist yet.
  ///
  /// - Parameters:
  ///   - path: relative paths are resolved by the system, each time.
  ///   - usesDirectIO: uploads go past the page cache where the file system can do that.
  ///   - now: seconds since 1970, for the age of leftovers.
  package init(
    path: String, usesDirectIO: Bool = true,
    now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
  ) {
    precondition(!path.isEmpty, "a directory store needs a path")
    location = path
    root = path.hasSuffix("/") ? path : path + "/"
    self.usesDirectIO = usesDirectIO
    self.now = now
  }

  /// Makes the folder, its missing parents, and the folders in it, durably. Those of the packs are
  /// made when first needed. What exists already is left as it is.
  package func create() throws(CairnError) {
    try makeFolderAndParents(String(root.dropLast()))
    for kind in ObjectKind.allCases where kind != .config {
      try makeFolder(root + kind.rawValue)
    }
    try makeFolder(root + "tmp")
    try sync(folder: root)
  }

  // MARK: Reading

  package func read(
    _ key: ObjectKey, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(CairnError) {
    let file = key.kind == .packs ? try openPack(key) : try open(key)
    // Beyond what a file offset can express there is nothing, whatever the object.
    let readable = offset <= UInt64(Int64.max) - UInt64(buffer.count)
    let count = readable ? file.read(into: buffer, at: offset) : 0
    if count < 0 { throw failure(errno, "read \(key)") }
    if count < buffer.count {
      throw CairnError.damaged(
        "\(key) in \(location) ends before the \(buffer.count) bytes from \(offset) on")
    }
  }

  package func readAll(_ key: ObjectKey, byteCountMax: Int) throws(CairnError) -> [UInt8] {
    let file = try open(key)
    guard let status = file.status() else { throw failure(errno, "read \(key)") }
    let byteCount = Int(status.st_size)
    guard byteCount <= byteCountMax else {
      throw CairnError.damaged(
        "\(key) in \(location) has \(byteCount) bytes, more than the \(byteCountMax) it may have")
    }
    // Advice only: a file system that can't take it still reads.
    _ = posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    var count = 0
    var number: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initializedCount in
      count = file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
      number = errno
      initializedCount = max(count, 0)
    }
    if count < 0 { throw failure(number, "read \(key)") }
    if count < byteCount { throw CairnError.damaged("\(key) in \(location) shrank while read") }
    return bytes
  }

  package func byteCount(of key: ObjectKey) throws(CairnError) -> UInt64 {
    var status = stat()
    guard stat(path(key), &status) == 0 else { throw failure(errno, "find \(key)") }
    return UInt64(status.st_size)
  }

  private func open(_ key: ObjectKey) throws(CairnError) -> StoredFile {
    if let file = StoredFile.open(path(key)) { return file }
    let number = errno
    if number == EMFILE || number == ENFILE {
      openPacks.dropAll()
      if let file = StoredFile.open(path(key)) { return file }
    }
    throw failure(number, "open \(key)")
  }

  private func openPack(_ key: ObjectKey) throws(CairnError) -> StoredFile {
    // A file without a name was deleted or replaced, perhaps by another process; what is stored
    // now counts, and the space of the old file must not be held.
    if let file = openPacks[key] {
      if let status = file.status(), status.st_nlink > 0 { return file }
      openPacks.drop(key)
    }
    let file = try open(key)
    openPacks.keep(file, for: key)
    return file
  }

  // MARK: Writing

  package func put(_ key: ObjectKey, _ bytes: [UInt8], mode: PutMode) throws(CairnError) {
    let temporary = try makeTemporaryFile(direct: false)
    do throws(CairnError) {
      let file = temporary.file
      let count = bytes.withUnsafeBytes { file.write($0, at: 0) }
      if count < bytes.count { throw failure(errno, "write \(key)") }
      guard uninterrupted({ fdatasync(file.descriptor) }) == 0 else {
        throw failure(errno, "make \(key) durable")
      }
      try publish(temporary.path, as: key, mode: mode)
    } catch {
      removeTemporaryFile(temporary.path)
      throw error
    }
  }

  package func beginUpload() throws(CairnError) -> any ObjectUpload {
    try DirectoryUpload(in: self)
  }

  package func delete(_ key: ObjectKey) throws(CairnError) {
    openPacks.drop(key)
    guard unlink(path(key)) == 0 else {
      let number = errno
      if number == ENOENT { return }
      throw failure(number, "delete \(key)")
    }
  }

  // MARK: Folders

  /// Makes sure that the folder an object lies in exists durably.
  func prepareFolder(of path: String) throws(CairnError) {
    guard let folder = Self.parent(of: path), folder.utf8.count >= root.utf8.count else { return }
    if knownFolders.withLock({ $0.contains(folder) }) { return }
    // The folder of a kind may be missing too, when an older program made the store; never the
    // root, which is missing when a disk isn't mounted.
    try prepareFolder(of: folder)
    try makeFolder(folder)
    // Another process may have made the folder and not synced its parent yet.
    try sync(folder: Self.parent(of: folder) ?? root)
    knownFolders.withLock { _ = $0.insert(folder) }
  }

  func forgetFolders() {
    knownFolders.withLock { $0.removeAll() }
  }

  private func makeFolder(_ folder: String) throws(CairnError) {
    guard mkdir(folder, 0o700) != 0 else { return }
    let number = errno
    if number != EEXIST { throw failure(number, "make the folder \(folder)") }
  }

  private func makeFolderAndParents(_ folder: String) throws(CairnError) {
    if folder.isEmpty { return }
    if mkdir(folder, 0o700) == 0 { return try sync(folder: Self.parent(of: folder) ?? ".") }
    let number = errno
    if number == EEXIST { return }
    guard number == ENOENT, let parent = Self.parent(of: folder) else {
      throw failure(number, "make the folder \(folder)")
    }
    try makeFolderAndParents(parent)
    try makeFolder(folder)
    try sync(folder: parent)
  }

  /// Makes the names in a folder durable.
  func sync(folder: String) throws(CairnError) {
    guard let file = StoredFile.open(folder) else { throw failure(errno, "open \(folder)") }
    guard uninterrupted({ fsync(file.descriptor) }) == 0 else {
      let number = errno
      // Some network file systems can't sync folders; there, the server keeps the promise.
      if number == EINVAL || number == ENOTSUP { return }
      throw failure(number, "make \(folder) durable")
    }
  }

  /// `nil` for a name without a slash; `/` for what lies in the topmost folder.
  static func parent(of path: String) -> String? {
    guard let slash = path.lastIndex(of: "/") else { return nil }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  func path(_ key: ObjectKey) -> String { root + key.path }

  func failure(_ number: Int32, _ action: String) -> CairnError {
    CairnError.system(number, "\(action) in \(location)")
  }

  func drop(_ key: ObjectKey) { openPacks.drop(key) }

  var seconds: Int64 { now() }
}
