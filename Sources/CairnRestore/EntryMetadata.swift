internal import CairnCore
internal import CairnFormat
internal import CairnSystem

/// What an entry gets besides its content, with owners as this machine numbers them.
struct EntryMetadata: Sendable {
  var mode: UInt16
  var uid: UInt32
  var gid: UInt32
  var modified: Timestamp
  var attributes: [ExtendedAttribute]

  /// Takes away the set-user-id and set-group-id bits when the file ends up with another owner or
  /// group: they would lend everybody the rights of somebody the snapshot never meant.
  mutating func withdrawIdentityBits(uid: UInt32, gid: UInt32) {
    if uid != self.uid { mode &= ~0o4000 }
    if gid != self.gid { mode &= ~0o2000 }
  }
}

/// Gives entries their metadata. For any number of threads.
struct MetadataWriter: Sendable {
  let restoresOwners: Bool
  /// Of this process: what new entries belong to.
  let ownUID: UInt32
  let ownGID: UInt32
  let log: RestoreLog

  /// Everything of an open file or directory, in the order the kernel asks for: changing the owner
  /// clears set-user-id bits and capabilities, and an ACL shares bits with the mode.
  ///
  /// `current`: what it had before; `nil` when it was just made and inherited nothing. Returns the
  /// first failure that is not worth stopping for.
  func apply(
    _ metadata: EntryMetadata, to file: borrowing FileDescriptor, current: FileStatus?,
    removesExtraAttributes: Bool
  ) throws(CairnError) -> CairnError? {
    var failure: CairnError?
    var metadata = metadata
    var mode = current?.mode
    let uid = current?.uid ?? ownUID
    let gid = current?.gid ?? ownGID
    if uid != metadata.uid || gid != metadata.gid {
      if restoresOwners {
        do throws(CairnError) {
          try file.setOwner(uid: metadata.uid, gid: metadata.gid)
          mode = nil
        } catch  where error.code == .denied {
          log.add(.foreignOwners)
          metadata.withdrawIdentityBits(uid: uid, gid: gid)
        } catch {
          failure = try MetadataWriter.tolerating(error)
          metadata.withdrawIdentityBits(uid: uid, gid: gid)
        }
      } else {
        log.add(.foreignOwners)
      }
    }
    do throws(CairnError) {
      if removesExtraAttributes {
        try synchronizeAttributes(metadata.attributes, of: file)
        mode = nil
      } else {
        failure = try setAttributes(metadata.attributes, of: file) ?? failure
        if !metadata.attributes.isEmpty { mode = nil }
      }
    } catch {
      failure = try MetadataWriter.tolerating(error)
    }
    do throws(CairnError) {
      if mode != metadata.mode { try file.setMode(metadata.mode) }
      try file.setModificationTime(metadata.modified)
    } catch {
      failure = try MetadataWriter.tolerating(error)
    }
    return failure
  }

  private func setAttributes(
    _ attributes: [ExtendedAttribute], of file: borrowing FileDescriptor
  ) throws(CairnError) -> CairnError? {
    var failure: CairnError?
    for attribute in attributes {
      do throws(CairnError) {
        try file.setExtendedAttribute(attribute)
      } catch {
        failure = try MetadataWriter.tolerating(MetadataWriter.naming(attribute, error))
      }
    }
    return failure
  }

  /// Makes the attributes of `file` those given; of the ones it has besides, those go that belong
  /// to its owner.
  private func synchronizeAttributes(
    _ wanted: [ExtendedAttribute], of file: borrowing FileDescriptor
  ) throws(CairnError) {
    let found = try file.extendedAttributes()
    for attribute in found where MetadataWriter.isRemovable(attribute.name) {
      if !wanted.contains(where: { $0.name == attribute.name }) {
        try file.removeExtendedAttribute(attribute.name)
      }
    }
    var failure: CairnError?
    for attribute in wanted where !found.contains(attribute) {
      do throws(CairnError) {
        try file.setExtendedAttribute(attribute)
      } catch {
        failure = MetadataWriter.naming(attribute, error)
      }
    }
    if let failure { throw failure }
  }

  /// Whether an attribute the snapshot doesn't have is removed: users' own and ACLs, not what the
  /// system keeps for itself.
  static func isRemovable(_ name: [UInt8]) -> Bool {
    name.starts(with: "user.".utf8) || name.starts(with: "system.posix_acl_".utf8)
  }

  private static func naming(_ attribute: ExtendedAttribute, _ error: CairnError) -> CairnError {
    error.within(RawPath.displayText(attribute.name))
  }

  /// Whether `file` has all of `metadata` already.
  func matches(
    _ metadata: EntryMetadata, _ status: FileStatus, _ file: borrowing FileDescriptor
  ) throws(CairnError) -> Bool {
    guard status.mode == metadata.mode, status.mtime == metadata.modified else { return false }
    if restoresOwners, status.uid != metadata.uid || status.gid != metadata.gid { return false }
    let found = try file.extendedAttributes()
    return metadata.attributes.allSatisfy { found.contains($0) }
      && found.allSatisfy { attribute in
        !MetadataWriter.isRemovable(attribute.name)
          || metadata.attributes.contains { $0.name == attribute.name }
      }
  }

  /// The same for what isn't opened: links, FIFOs, devices, just made.
  func apply(
    _ metadata: EntryMetadata, to name: RawPath, in directory: DirectoryHandle, isLink: Bool
  ) throws(CairnError) -> CairnError? {
    var failure: CairnError?
    if restoresOwners {
      do throws(CairnError) {
        try directory.setOwner(of: name, uid: metadata.uid, gid: metadata.gid)
      } catch  where error.code == .denied {
        log.add(.foreignOwners)
      } catch {
        failure = try MetadataWriter.tolerating(error)
      }
    } else if metadata.uid != ownUID || metadata.gid != ownGID {
      log.add(.foreignOwners)
    }
    for attribute in metadata.attributes {
      do throws(CairnError) {
        try directory.setExtendedAttribute(of: name, attribute)
      } catch {
        failure = try MetadataWriter.tolerating(MetadataWriter.naming(attribute, error))
      }
    }
    do throws(CairnError) {
      if !isLink { try directory.setMode(of: name, metadata.mode) }
      try directory.setModificationTime(of: name, metadata.modified)
    } catch {
      failure = try MetadataWriter.tolerating(error)
    }
    return failure
  }

  /// `error` itself, unless it ends the restore.
  static func tolerating(_ error: CairnError) throws(CairnError) -> CairnError {
    if error.endsRestore { throw error }
    return error
  }
}

extension RawPath {
  static func displayText(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { displayText($0) }
  }
}
