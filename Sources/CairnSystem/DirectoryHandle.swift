internal import CCairnSystem
package import CairnCore
internal import Glibc

/// An open directory that names are resolved in. It borrows the descriptor: whoever has the
/// ``FileDescriptor`` keeps it open longer than this value is used.
///
/// Names are single components unless a call says otherwise; a symbolic link in the last component
/// is never followed. Errors name what was passed; callers who know the whole path build their own
/// with ``CairnError/system(_:_:_:)`` and the error's `errno`.
package struct DirectoryHandle: Sendable, BitwiseCopyable {
  package let number: Int32

  /// Resolves relative paths against the working directory, and takes absolute ones.
  package static let working = DirectoryHandle(number: CAIRN_AT_CWD)

  package init(number: Int32) {
    self.number = number
  }
}

extension FileDescriptor {
  /// For names in this directory; not to be used longer than this descriptor lives.
  package var directory: DirectoryHandle { DirectoryHandle(number: number) }
}

/// How a file is opened. Symbolic links are refused (`ELOOP`), descriptors aren't inherited, and
/// opening never waits for the other end of a FIFO.
package struct OpenOptions: OptionSet, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let read = OpenOptions(rawValue: Int32(CAIRN_OPEN_READ))
  package static let write = OpenOptions(rawValue: Int32(CAIRN_OPEN_WRITE))
  /// Creates the file; an existing name is an `exists` error.
  package static let createNew = OpenOptions(rawValue: Int32(CAIRN_OPEN_CREATE))
  /// Creates the file unless it is there.
  package static let createMissing = OpenOptions(rawValue: Int32(CAIRN_OPEN_OR_CREATE))
  /// Anything but a directory is refused.
  package static let directory = OpenOptions(rawValue: Int32(CAIRN_OPEN_DIRECTORY))
  /// Leaves the access time alone where that is permitted.
  package static let keepingAccessTime = OpenOptions(rawValue: Int32(CAIRN_OPEN_NOATIME))
  /// Past the page cache: memory, offsets and counts must be multiples of the block size.
  package static let direct = OpenOptions(rawValue: Int32(CAIRN_OPEN_DIRECT))
  /// Only as a place, to resolve names in or to look at; content can't be read.
  package static let placeOnly = OpenOptions(rawValue: Int32(CAIRN_OPEN_PATH))
  /// Follows a symbolic link in the last component: for paths that the user typed.
  package static let followingLink = OpenOptions(rawValue: Int32(CAIRN_OPEN_FOLLOW))
}

extension DirectoryHandle {
  /// Opens `name`; `mode` counts for files that are created, and the umask applies.
  package func open(_ name: RawPath, _ options: OpenOptions, mode: UInt16 = 0o600)
    throws(CairnError) -> FileDescriptor
  {
    let number = name.withCString { cairn_open(self.number, $0, options.rawValue, UInt32(mode)) }
    return FileDescriptor(owning: try checked(number, "open", name))
  }

  /// Opens a name that lies in a ``DirectoryListing``; returns a negative `errno` instead of an
  /// error, so that the hot path of a walk allocates nothing.
  @inline(__always)
  package func openNumber(_ name: UnsafePointer<CChar>, _ options: OpenOptions) -> Int32 {
    cairn_open(number, name, options.rawValue, 0)
  }

  /// Opens a directory for listing and for resolving names in it.
  package func openDirectory(_ name: RawPath) throws(CairnError) -> FileDescriptor {
    try open(name, [.read, .directory, .keepingAccessTime])
  }

  /// Opens a path of several components that must not leave this directory: no symbolic link is
  /// followed anywhere, no `..` leads out of it.
  package func openBeneath(_ path: RawPath, _ options: OpenOptions, mode: UInt16 = 0o600)
    throws(CairnError) -> FileDescriptor
  {
    let number = path.withCString {
      cairn_open_beneath(self.number, $0, options.rawValue, UInt32(mode))
    }
    // EPERM: a container's system call filter from before openat2.
    if number == -ENOSYS || number == -EPERM {
      return try openStepwise(path, options, mode: mode)
    }
    return FileDescriptor(owning: try checked(number, "open", path))
  }

  /// What ``openBeneath(_:_:mode:)`` does on kernels before 5.6: one component at a time, none of
  /// them a link; `..` is refused altogether.
  func openStepwise(_ path: RawPath, _ options: OpenOptions, mode: UInt16)
    throws(CairnError) -> FileDescriptor
  {
    let components = path.components.filter { $0 != .current }
    guard !path.isAbsolute, !components.contains("..") else {
      throw failure(EXDEV, "open", path)
    }
    guard let last = components.last else { return try open(.current, options, mode: mode) }
    guard components.count > 1 else { return try open(last, options, mode: mode) }
    var place = try open(components[0], [.directory, .placeOnly])
    for component in components[1..<(components.count - 1)] {
      place = try place.directory.open(component, [.directory, .placeOnly])
    }
    return try place.directory.open(last, options, mode: mode)
  }

  /// Type, size, owner, times and the rest of `name` itself; one system call.
  package func status(of name: RawPath) throws(CairnError) -> FileStatus {
    var raw = cairn_status()
    try checked(name.withCString { cairn_status_at(number, $0, &raw) }, "examine", name)
    return FileStatus(raw)
  }

  /// The same for a name that lies in a ``DirectoryListing``: fills `status` and returns 0, or
  /// returns a negative `errno`.
  @inline(__always)
  package func status(of name: UnsafePointer<CChar>, into status: inout FileStatus) -> Int32 {
    var raw = cairn_status()
    let result = cairn_status_at(number, name, &raw)
    if result == 0 { status = FileStatus(raw) }
    return result
  }

  /// The status of `name`, or `nil` when there is nothing of that name.
  package func statusIfPresent(of name: RawPath) throws(CairnError) -> FileStatus? {
    var raw = cairn_status()
    let result = name.withCString { cairn_status_at(number, $0, &raw) }
    if result == -ENOENT { return nil }
    try checked(result, "examine", name)
    return FileStatus(raw)
  }
}
