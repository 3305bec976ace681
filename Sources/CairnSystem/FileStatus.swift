internal import CCairnSystem
package import CairnCore
internal import Glibc

/// What kind of thing a directory entry is.
package enum FileType: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  case regular, directory, symlink, fifo, characterDevice, blockDevice, socket, unknown

  /// From the type bits of `st_mode`.
  package init(mode: UInt32) {
    self =
      switch mode & 0o170000 {
      case 0o100000: .regular
      case 0o040000: .directory
      case 0o120000: .symlink
      case 0o010000: .fifo
      case 0o020000: .characterDevice
      case 0o060000: .blockDevice
      case 0o140000: .socket
      default: .unknown
      }
  }

  /// From `d_type`, which is the type bits shifted down; `unknown` where the file system doesn't
  /// tell.
  package init(directoryEntryType: UInt8) {
    self.init(mode: UInt32(directoryEntryType) << 12)
  }
}

/// The metadata of one file, from one `statx` call, as plain words.
package struct FileStatus: Sendable, Hashable, BitwiseCopyable {
  package var type: FileType
  /// The twelve permission bits: set-user-id, set-group-id, sticky, and rwx three times.
  package var mode: UInt16
  package var uid: UInt32
  package var gid: UInt32
  /// Hard links.
  package var linkCount: UInt32
  /// Bytes.
  package var size: UInt64
  package var inode: UInt64
  /// Of the file system it lies on.
  package var deviceMajor: UInt32
  package var deviceMinor: UInt32
  /// Of the device it is, when it is one.
  package var targetMajor: UInt32
  package var targetMinor: UInt32
  package var mtime: Timestamp
  package var ctime: Timestamp
  /// Allocated units of 512 bytes.
  package var blocks: UInt64
  /// Of the mount it was reached through; 0 where the kernel doesn't tell.
  package var mountID: UInt64

  /// `dev_t` of the file system as the C library packs it.
  package var device: UInt64 {
    let major = UInt64(deviceMajor)
    let minor = UInt64(deviceMinor)
    return (major & 0xffff_f000) << 32 | (major & 0xfff) << 8 | (minor & 0xffff_ff00) << 12
      | minor & 0xff
  }

  /// Whether fewer bytes are allocated than the length says, so that there may be holes.
  package var mayHaveHoles: Bool { type == .regular && blocks &* 512 < size }

  @inline(__always)
  init(_ raw: cairn_status) {
    type = FileType(mode: raw.mode)
    mode = UInt16(truncatingIfNeeded: raw.mode & 0o7777)
    uid = raw.uid
    gid = raw.gid
    linkCount = raw.nlink
    size = raw.size
    inode = raw.inode
    deviceMajor = raw.device_major
    deviceMinor = raw.device_minor
    targetMajor = raw.rdev_major
    targetMinor = raw.rdev_minor
    mtime = Timestamp(seconds: raw.mtime_seconds, nanoseconds: raw.mtime_nanoseconds)
    ctime = Timestamp(seconds: raw.ctime_seconds, nanoseconds: raw.ctime_nanoseconds)
    blocks = raw.blocks
    mountID = raw.mount_id
  }
}
