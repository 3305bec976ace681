internal import CairnCore
internal import CairnSystem

/// Removes entries of the target with everything in them, following no links and leaving other
/// file systems alone.
struct TreeRemoval {
  private let target: RestoreTarget
  private let deviceMajor: UInt32
  private let deviceMinor: UInt32
  private let mountID: UInt64

  /// `device`: the status of something on the file system that may be removed from.
  init(target: RestoreTarget, device: FileStatus) {
    self.target = target
    deviceMajor = device.deviceMajor
    deviceMinor = device.deviceMinor
    mountID = device.mountID
  }

  /// Removes `name`. `path`, absolute as in the snapshot, is for the filter, which spares what it
  /// excludes; without one nothing is spared. `false` when something of it stays.
  @discardableResult
  func remove(
    _ name: RawPath, in directory: DirectoryHandle, path: [UInt8]?, depth: Int = 0
  ) throws(CairnError) -> Bool {
    try target.cancellation.check()
    guard let status = try directory.statusIfPresent(of: name) else { return true }
    let isDirectory = status.type == .directory
    if let path, target.options.filter.excludes(path, isDirectory: isDirectory) { return false }
    guard isDirectory else {
      if !target.isDryRun { try directory.removeFile(name) }
      target.log.add(.deleted)
      return true
    }
    guard depth < TreeWalk.depthMax else {
      throw CairnError(.failed, "directories are nested too deeply")
    }
    if target.metadata.ownUID != 0, status.mode & 0o700 != 0o700, !target.isDryRun {
      try directory.setMode(of: name, status.mode | 0o700)
    }
    let open = try directory.openDirectory(name)
    guard isHere(try open.status()) else {
      throw CairnError(.failed, "another file system is mounted there; it is left alone")
    }
    let listing = DirectoryListing()
    try listing.fill(from: open)
    var isEmpty = true
    for entry in listing.entries {
      let child = RawPath(listing.name(of: entry))
      let childPath = path.map { $0 + [UInt8(ascii: "/")] + child.bytes }
      if try !remove(child, in: open.directory, path: childPath, depth: depth + 1) {
        isEmpty = false
      }
    }
    guard isEmpty else { return false }
    if !target.isDryRun { try directory.removeDirectory(name) }
    target.log.add(.deleted)
    return true
  }

  private func isHere(_ status: FileStatus) -> Bool {
    status.deviceMajor == deviceMajor && status.deviceMinor == deviceMinor
      && status.mountID == mountID
  }
}
