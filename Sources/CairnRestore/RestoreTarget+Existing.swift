internal import CairnCore
internal import CairnSystem
internal import Glibc
internal import Synchronization

/// Files that are in place already.
extension RestoreTarget {
  /// Looks at what is in the place of a file. Returns its status when it is a regular file that
  /// can be brought up to date; other things are removed when the file is made.
  func examine(_ file: TargetFile) throws(CairnError) -> FileStatus? {
    try file.state.withLock { (state) throws(CairnError) in
      if state.isExamined { return state.existing }
      state.isExamined = true
      let found = try within(file.directory) { (handle) throws(CairnError) in
        try handle.statusIfPresent(of: file.name)
      }
      guard let found, found.type == .regular else { return nil }
      var options: OpenOptions = isDryRun ? .read : [.read, .write]
      var descriptor: FileDescriptor?
      do throws(CairnError) {
        descriptor = try open(file, options)
      } catch  where !isDryRun && RestoreTarget.refusesWriting(error) {
        options = .read
        do throws(CairnError) {
          descriptor = try open(file, options)
        } catch  where error.code == .denied {
          // Not even ours to read: what it holds doesn't matter.
          state.isReplacing = true
        }
      }
      guard let open = descriptor.take() else { return nil }
      let status = try open.status()
      guard status.type == .regular else { return nil }
      let isReadOnly = options == .read
      // It would be replaced if a piece of it differed, which a later window may find out.
      if status.linkCount > 1 || isReadOnly, !isDryRun,
        file.isSplit.load(ordering: .acquiring)
      {
        state.isReplacing = true
        return nil
      }
      state.isReadOnly = isReadOnly
      state.identity = TargetFile.Identity(status)
      state.hasDataInHoles = try hasDataInHoles(file, status, open)
      if status.linkCount > 1 {
        state.differs = try !metadata.matches(file.metadata, status, open)
      }
      state.existing = status
      _ = files.insert(open, for: file)
      files.release(file)
      return status
    }
  }

  private func open(
    _ file: TargetFile, _ options: OpenOptions
  ) throws(CairnError) -> FileDescriptor {
    try within(file.directory) { (handle) throws(CairnError) in
      try handle.open(file.name, options)
    }
  }

  /// Not ours to write, or a program that runs: a new file takes its place.
  private static func refusesWriting(_ error: CairnError) -> Bool {
    error.code == .denied || error.errno == ETXTBSY
  }

  /// Whether the snapshot's holes hold anything but zeros.
  private func hasDataInHoles(
    _ file: TargetFile, _ status: FileStatus, _ open: borrowing FileDescriptor
  ) throws(CairnError) -> Bool {
    guard file.extents != nil else { return false }
    let buffer = AlignedBuffer(capacity: 256 << 10)
    for part in file.holes.intersections(with: try open.dataExtents(status)) {
      var offset = part.offset
      while offset < part.end {
        let count = Int(min(UInt64(buffer.capacity), part.end - offset))
        let place = UnsafeMutableRawBufferPointer(start: buffer.pointer, count: count)
        let got = try open.readFully(into: place, at: offset)
        if place[..<got].contains(where: { $0 != 0 }) { return true }
        if got < count { break }
        offset += UInt64(count)
      }
    }
    return false
  }
}
