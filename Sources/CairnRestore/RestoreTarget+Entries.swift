internal import CairnCore
internal import CairnFormat
internal import CairnSystem

/// Directories, links, FIFOs and devices.
extension RestoreTarget {
  /// Makes or takes over the directory `name`. An existing link of that name is replaced, never
  /// followed.
  func makeDirectory(
    _ name: RawPath, in parent: TargetDirectory, metadata wanted: EntryMetadata, mayExist: Bool,
    isWithinSources: Bool
  ) throws(CairnError) -> TargetDirectory {
    func directory(isNew: Bool, inheritsTraits: Bool, isVirtual: Bool = false) -> TargetDirectory {
      TargetDirectory(
        parent: parent, name: name, metadata: wanted, isNew: isNew,
        inheritsTraits: inheritsTraits, isVirtual: isVirtual, isWithinSources: isWithinSources)
    }
    if parent.isVirtual || (isDryRun && !mayExist) {
      return directory(isNew: true, inheritsTraits: false, isVirtual: true)
    }
    return try within(parent) { (handle) throws(CairnError) in
      if mayExist, let traits = try existingTraits(of: name, in: handle) {
        return directory(isNew: false, inheritsTraits: traits || parent.inheritsTraits)
      }
      if isDryRun { return directory(isNew: true, inheritsTraits: false, isVirtual: true) }
      for _ in 0..<4 {
        do throws(CairnError) {
          try handle.makeDirectory(name)
          return directory(isNew: true, inheritsTraits: parent.inheritsTraits)
        } catch  where error.errno == Errno.exists {
          if let traits = try existingTraits(of: name, in: handle) {
            return directory(isNew: false, inheritsTraits: traits || parent.inheritsTraits)
          }
          try removeObstacle(name, in: handle)
        }
      }
      throw CairnError(.exists, "something keeps appearing in the place of this directory")
    }
  }

  /// `nil` when there is no directory of that name, else whether what is made in it inherits
  /// something. Lets its owner in where the mode did not.
  private func existingTraits(
    of name: RawPath, in handle: DirectoryHandle
  ) throws(CairnError) -> Bool? {
    guard let status = try handle.statusIfPresent(of: name), status.type == .directory else {
      return nil
    }
    if metadata.ownUID != 0, status.mode & 0o700 != 0o700, !isDryRun {
      try handle.setMode(of: name, status.mode | 0o700)
    }
    return try inheritsTraits(try handle.openDirectory(name))
  }

  /// Whether what is made in the open directory gets a group or an ACL from it.
  func inheritsTraits(_ directory: borrowing FileDescriptor) throws(CairnError) -> Bool {
    let status = try directory.status()
    if status.mode & 0o2000 != 0 || status.gid != metadata.ownGID { return true }
    let defaultACL = [UInt8]("system.posix_acl_default".utf8)
    return try directory.extendedAttributes().contains { $0.name == defaultACL }
  }

  /// Makes a link, FIFO or device, unless exactly that is there.
  func restoreSpecial(_ special: SpecialEntry) throws(CairnError) {
    var isWhole = true
    do throws(CairnError) {
      let verb = try makeSpecial(special)
      log.add(special.node.type == .symlink ? .links : .specials)
      log.tell(verb, special.path)
    } catch {
      isWhole = false
      log.note(try MetadataWriter.tolerating(error), at: special.path)
    }
    log.progress.itemCount.add(1)
    if let links = special.links {
      for name in links.complete(isWhole: isWhole) {
        try link(name, to: links, isWhole: isWhole)
      }
    }
    try drop(special.directory)
  }

  private func makeSpecial(
    _ special: SpecialEntry
  ) throws(CairnError) -> PlannedAction.Verb {
    if special.directory.isVirtual { return .create }
    let node = special.node
    return try within(special.directory) { (handle) throws(CairnError) in
      var verb = PlannedAction.Verb.create
      if special.mayExist, let status = try handle.statusIfPresent(of: special.name) {
        if try isSame(special, status, handle) { return .unchanged }
        verb = .update
      }
      if isDryRun { return verb }
      if verb == .update { try removeObstacle(special.name, in: handle) }
      try making(special.name, in: handle) { () throws(CairnError) in
        switch node.type {
        case .symlink:
          guard let target = RawPath(validating: node.linkTarget) else {
            throw CairnError.damaged("link target holds a NUL")
          }
          try handle.makeSymlink(special.name, target: target)
        case .fifo: try handle.makeNode(special.name, type: .fifo)
        case .characterDevice:
          try handle.makeNode(
            special.name, type: .characterDevice, major: node.deviceMajor,
            minor: node.deviceMinor)
        case .blockDevice:
          try handle.makeNode(
            special.name, type: .blockDevice, major: node.deviceMajor, minor: node.deviceMinor)
        case .regular, .directory: preconditionFailure("files and directories are not special")
        }
      }
      let failure = try metadata.apply(
        special.metadata, to: special.name, in: handle, isLink: node.type == .symlink)
      if let failure { log.note(failure, at: special.path) }
      return verb
    }
  }

  /// Whether what is in place is the entry already, metadata included.
  private func isSame(
    _ special: SpecialEntry, _ status: FileStatus, _ handle: DirectoryHandle
  ) throws(CairnError) -> Bool {
    let node = special.node
    guard status.mtime == special.metadata.modified else { return false }
    if options.restoresOwners,
      status.uid != special.metadata.uid || status.gid != special.metadata.gid
    {
      return false
    }
    if node.type != .symlink, status.mode != special.metadata.mode { return false }
    switch (node.type, status.type) {
    case (.symlink, .symlink):
      guard try handle.linkTarget(of: special.name) == node.linkTarget else { return false }
    case (.fifo, .fifo): break
    case (.characterDevice, .characterDevice), (.blockDevice, .blockDevice):
      guard status.targetMajor == node.deviceMajor, status.targetMinor == node.deviceMinor
      else { return false }
    default: return false
    }
    return try handle.extendedAttributes(of: special.name) == special.metadata.attributes
  }

  /// Gives the group's file one more name. Ends the wait of both directories.
  func link(
    _ name: LinkGroup.Name, to group: LinkGroup, isWhole: Bool
  ) throws(CairnError) {
    do throws(CairnError) {
      guard isWhole else {
        throw CairnError(
          .failed,
          "the file it is a second name of could not be restored: "
            + group.directory.path(of: group.first).displayText)
      }
      log.tell(try makeLink(name, group), name.directory.path(of: name.name))
      log.add(.links)
    } catch {
      log.note(try MetadataWriter.tolerating(error), at: name.directory.path(of: name.name))
    }
    log.progress.itemCount.add(1)
    try drop(name.directory)
    try drop(group.directory)
  }

  private func makeLink(
    _ name: LinkGroup.Name, _ group: LinkGroup
  ) throws(CairnError) -> PlannedAction.Verb {
    if name.directory.isVirtual || group.directory.isVirtual { return .create }
    return try within(name.directory) { (handle) throws(CairnError) in
      try within(group.directory) { (first) throws(CairnError) in
        var verb = PlannedAction.Verb.create
        if let status = try handle.statusIfPresent(of: name.name) {
          if let source = try first.statusIfPresent(of: group.first),
            TargetFile.Identity(status) == TargetFile.Identity(source)
          {
            return .unchanged
          }
          verb = .update
        }
        if isDryRun { return verb }
        try making(name.name, in: handle) { () throws(CairnError) in
          try handle.makeHardLink(name.name, to: group.first, in: first)
        }
        return verb
      }
    }
  }
}

/// A symbolic link, FIFO or device that is being restored.
struct SpecialEntry: Sendable {
  let node: Node
  let name: RawPath
  let metadata: EntryMetadata
  let directory: TargetDirectory
  let mayExist: Bool
  let links: LinkGroup?

  /// Relative to the target.
  var path: RawPath { directory.path(of: name) }
}
