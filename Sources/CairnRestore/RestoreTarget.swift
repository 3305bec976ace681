internal import CairnCore
internal import CairnFormat
internal import CairnSystem
internal import Glibc

/// The place a restore writes to. Everything is made relative to open directories, one name at a
/// time and without following links, so that nothing lands outside. For any number of threads.
final class RestoreTarget: Sendable {
  let options: RestoreOptions
  let log: RestoreLog
  let metadata: MetadataWriter
  let cancellation: Cancellation
  private let directories = DescriptorCache(capacity: DescriptorCache.capacityForProcess)
  let files = DescriptorCache(capacity: DescriptorCache.capacityForProcess)

  init(_ options: RestoreOptions, log: RestoreLog, cancellation: Cancellation) {
    self.options = options
    self.log = log
    self.cancellation = cancellation
    metadata = MetadataWriter(
      restoresOwners: options.restoresOwners, ownUID: geteuid(), ownGID: getegid(), log: log)
  }

  var isDryRun: Bool { options.isDryRun }

  // MARK: Directories

  /// Runs `body` with an open directory.
  func within<R: ~Copyable>(
    _ directory: TargetDirectory, _ body: (DirectoryHandle) throws(CairnError) -> R
  ) throws(CairnError) -> R {
    let number = try open(directory)
    defer { directories.release(directory) }
    return try body(DirectoryHandle(number: number))
  }

  /// In use until it is released.
  private func open(_ directory: TargetDirectory) throws(CairnError) -> Int32 {
    if let number = directories.acquire(directory) { return number }
    let descriptor: FileDescriptor
    if let parent = directory.parent {
      descriptor = try within(parent) { (handle) throws(CairnError) in
        try handle.openDirectory(directory.name)
      }
    } else {
      // The path the user gave may lead through links.
      descriptor = try DirectoryHandle.working.open(
        directory.name, [.read, .directory, .followingLink])
    }
    return directories.insert(descriptor, for: directory)
  }

  /// One entry of `directory` is done; gives it and those above it their metadata when it was the
  /// last.
  func drop(_ directory: TargetDirectory) throws(CairnError) {
    var next: TargetDirectory? = directory
    while let current = next, current.dropPending() {
      try finish(current)
      next = current.parent
    }
  }

  private func finish(_ directory: TargetDirectory) throws(CairnError) {
    if !isDryRun, let wanted = directory.metadata {
      do throws(CairnError) {
        let number = try open(directory)
        directories.release(directory)
        _ = number
        guard let descriptor = directories.take(directory) else { return }
        let failure = try metadata.apply(
          wanted, to: descriptor, current: try descriptor.status(),
          removesExtraAttributes: !directory.isNew || directory.inheritsTraits)
        if let failure { log.note(failure, at: directory.path) }
      } catch {
        log.note(try MetadataWriter.tolerating(error), at: directory.path)
      }
    }
    _ = directories.take(directory)
  }

  // MARK: Making room

  /// Removes what bears `name`, so that something else can be made there. A directory only goes
  /// when it is empty or extra entries are to be deleted.
  func removeObstacle(_ name: RawPath, in directory: DirectoryHandle) throws(CairnError) {
    guard let status = try directory.statusIfPresent(of: name) else { return }
    guard status.type == .directory else {
      try directory.removeFile(name)
      return
    }
    if options.deletesExtra {
      try TreeRemoval(target: self, device: status).remove(name, in: directory, path: nil)
      return
    }
    do throws(CairnError) {
      try directory.removeDirectory(name)
    } catch  where error.errno == Errno.notEmpty {
      throw CairnError(.exists, "a directory that is not empty is in the way")
    }
  }

  /// Makes an entry, removing what is in its place.
  func making<R: ~Copyable>(
    _ name: RawPath, in directory: DirectoryHandle, _ make: () throws(CairnError) -> R
  ) throws(CairnError) -> R {
    // Somebody may put things there as fast as they are removed; that ends as a problem.
    for _ in 0..<4 {
      do throws(CairnError) {
        return try make()
      } catch  where error.errno == Errno.exists {
        try removeObstacle(name, in: directory)
      }
    }
    return try make()
  }
}
