internal import CairnCore
internal import CairnSystem
internal import Synchronization

/// Regular files: making, opening, writing and finishing them.
extension RestoreTarget {
  /// Makes the file, empty and for its owner alone until its metadata is set.
  func create(_ file: TargetFile) throws(CairnError) -> FileDescriptor {
    try within(file.directory) { (handle) throws(CairnError) in
      try making(file.name, in: handle) { () throws(CairnError) in
        let descriptor = try handle.open(
          file.name, [.read, .write, .createNew], mode: 0o600)
        // Pieces written past the cache then don't each extend the file.
        if file.size >= UInt64(DirectWriter.runByteCountMin) {
          try descriptor.truncate(to: file.size)
        }
        return descriptor
      }
    }
  }

  /// The file open for writing, made if it is not there yet; in use until `files.release(_:)`.
  func openForWriting(_ file: TargetFile) throws(CairnError) -> Int32 {
    if let number = files.acquire(file) {
      return number
    }
    return try file.state.withLock { (state) throws(CairnError) in
      if let number = files.acquire(file) { return number }
      if state.existing == nil && !state.isCreated {
        let descriptor = try create(file)
        state.isCreated = true
        state.identity = TargetFile.Identity(try descriptor.status())
        return files.insert(descriptor, for: file)
      }
      return try reopen(file, state)
    }
  }

  /// Opens again what was closed to make room; `failed` when it is not the same file any more.
  private func reopen(
    _ file: TargetFile, _ state: TargetFile.State
  ) throws(CairnError) -> Int32 {
    let descriptor = try within(file.directory) { (handle) throws(CairnError) in
      try handle.open(file.name, state.isReadOnly ? .read : [.read, .write])
    }
    guard TargetFile.Identity(try descriptor.status()) == state.identity else {
      throw CairnError(.failed, "the file was replaced while it was being restored")
    }
    return files.insert(descriptor, for: file)
  }

  /// Writes content at its place.
  func write(
    _ bytes: UnsafeRawBufferPointer, at contentOffset: UInt64, of file: TargetFile,
    to number: Int32, by writer: DirectWriter
  ) throws(CairnError) {
    try file.forEachRun(at: contentOffset, byteCount: bytes.count) {
      (fileOffset, start, count) throws(CairnError) in
      try writer.write(
        UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]), at: fileOffset, to: number)
    }
    log.add(.bytesWritten, bytes.count)
    log.progress.storedByteCount.add(bytes.count)
  }

  /// Makes a file whose whole content is at hand, in one go. `write` is given its descriptor.
  func restoreWhole(
    _ file: TargetFile, _ write: (Int32) throws(CairnError) -> Void
  ) throws(CairnError) {
    var descriptor: FileDescriptor?
    do throws(CairnError) {
      let made = try create(file)
      let number = made.number
      descriptor = consume made
      file.state.withLock { state in
        state.isCreated = true
        state.isTouched = true
      }
      try write(number)
    } catch {
      file.fail(error)
    }
    try finish(file, descriptor)
  }

  /// All pieces are there, or have failed: gives the file its metadata, or removes it so that it
  /// doesn't look whole. Ends its wait in the directory.
  func finish(_ file: TargetFile) throws(CairnError) {
    let descriptor = files.take(file)
    try finish(file, descriptor)
  }

  private func finish(
    _ file: TargetFile, _ descriptor: consuming FileDescriptor?
  ) throws(CairnError) {
    let state = file.state.withLock { $0 }
    var failure = state.failure
    if isDryRun {
      if failure == nil { count(file, state) }
    } else {
      if failure == nil {
        do throws(CairnError) {
          try complete(file, state, descriptor)
          count(file, state)
        } catch {
          failure = error
        }
      }
      if failure != nil { try discard(file) }
    }
    if let failure {
      if failure.endsRestore { throw failure.within(file.path.displayText) }
      log.note(failure, at: file.path)
    }
    log.progress.itemCount.add(1)
    if let links = file.links {
      for name in links.complete(isWhole: failure == nil) {
        try link(name, to: links, isWhole: failure == nil)
      }
    }
    try drop(file.directory)
  }

  private func complete(
    _ file: TargetFile, _ state: TargetFile.State, _ descriptor: consuming FileDescriptor?
  ) throws(CairnError) {
    let open: FileDescriptor
    if let given = descriptor.take() {
      open = given
    } else {
      // Nothing was to be written, or it was closed to make room.
      _ = try openForWriting(file)
      files.release(file)
      guard let taken = files.take(file) else { preconditionFailure("the file was just opened") }
      open = taken
    }
    let isKept = state.existing != nil
    if let existing = state.existing {
      if existing.size != file.size { try open.truncate(to: file.size) }
      try punchHoles(of: file, in: open)
    } else if file.extents != nil {
      try open.truncate(to: file.size)
    }
    let inherits = file.directory.inheritsTraits
    if isKept && !state.isTouched && !state.differs {
      let status = try open.status()
      if try metadata.matches(file.metadata, status, open) { return try open.close() }
    }
    let failure = try metadata.apply(
      file.metadata, to: open, current: isKept || inherits ? try open.status() : nil,
      removesExtraAttributes: isKept || inherits)
    try open.close()
    if let failure { log.note(failure, at: file.path) }
  }

  /// Makes the holes of the snapshot holes again where data lies in them.
  private func punchHoles(
    of file: TargetFile, in open: borrowing FileDescriptor
  ) throws(CairnError) {
    guard file.extents != nil else { return }
    let status = try open.status()
    let data = try open.dataExtents(status)
    let zeros = [UInt8](repeating: 0, count: 1 << 16)
    for hole in file.holes.intersections(with: data) {
      if try open.punchHole(offset: hole.offset, byteCount: hole.byteCount) { continue }
      var offset = hole.offset
      while offset < hole.end {
        let count = Int(min(UInt64(zeros.count), hole.end - offset))
        try zeros.withBytes { (bytes) throws(CairnError) in
          try open.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
        }
        offset += UInt64(count)
      }
    }
  }

  private func count(_ file: TargetFile, _ state: TargetFile.State) {
    if state.isReplacing || (state.existing != nil && state.differs) {
      log.add(.filesUpdated)
      log.tell(.update, file.path)
    } else if state.existing != nil {
      log.add(.filesUnchanged)
      log.tell(.unchanged, file.path)
    } else {
      log.add(.filesWritten)
      log.tell(.create, file.path)
    }
  }

  /// Removes what a failed file left; one that was not written to stays as it was.
  private func discard(_ file: TargetFile) throws(CairnError) {
    let isOurs = file.state.withLock { $0.isCreated || ($0.existing != nil && $0.isTouched) }
    guard isOurs else { return }
    do throws(CairnError) {
      try within(file.directory) { (handle) throws(CairnError) in
        try handle.removeFile(file.name)
      }
    } catch {
      if error.code != .notFound { log.note(error, at: file.path) }
    }
  }
}

/// A descriptor that somebody else keeps open.
struct BorrowedFile {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(CairnError) {
    try using { (file) throws(CairnError) in try file.write(bytes, at: offset) }
  }

  func using<R>(
    _ body: (borrowing FileDescriptor) throws(CairnError) -> R
  ) throws(CairnError) -> R {
    let file = FileDescriptor(owning: number)
    do throws(CairnError) {
      let result = try body(file)
      _ = file.release()
      return result
    } catch {
      _ = file.release()
      throw error
    }
  }
}

extension [DataExtent] {
  /// Where both have something; both ascend.
  func intersections(with other: [DataExtent]) -> [DataExtent] {
    var result: [DataExtent] = []
    var position = 0
    for extent in self {
      while position < other.count, other[position].end <= extent.offset { position += 1 }
      var next = position
      while next < other.count, other[next].offset < extent.end {
        let start = Swift.max(extent.offset, other[next].offset)
        let end = Swift.min(extent.end, other[next].end)
        result.append(DataExtent(offset: start, byteCount: end - start))
        next += 1
      }
    }
    return result
  }
}
