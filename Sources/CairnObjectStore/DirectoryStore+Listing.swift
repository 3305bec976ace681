package import CairnCore
internal import Glibc

extension DirectoryStore {
  package func list(_ kind: ObjectKind, _ body: (ObjectKey, UInt64) throws(CairnError) -> Void)
    throws(CairnError)
  {
    // A disk that isn't mounted must not look like an empty repository.
    guard access(root, F_OK) == 0 else { throw failure(errno, "list \(kind)") }
    switch kind {
    case .config:
      try visitFiles(in: String(root.dropLast())) { (name, status) throws(CairnError) in
        if name == "config" { try body(.config, UInt64(status.st_size)) }
      }
    case .packs:
      let folder = root + kind.rawValue
      for prefix in 0..<256 {
        let digits = Hex.encode([UInt8(prefix)])
        try visitFiles(in: "\(folder)/\(digits)") { (name, status) throws(CairnError) in
          guard let key = ObjectKey(kind, hex: name), name.hasPrefix(digits) else { return }
          try body(key, UInt64(status.st_size))
        }
      }
    default:
      try visitFiles(in: root + kind.rawValue) { (name, status) throws(CairnError) in
        guard let key = ObjectKey(kind, hex: name) else { return }
        try body(key, UInt64(status.st_size))
      }
    }
  }

  package func removeLeftovers(olderThan age: Int64) throws(CairnError) -> UInt64 {
    let folder = root + "tmp"
    let oldest = seconds - age
    var freed: UInt64 = 0
    try visitFiles(in: folder) { (name, status) throws(CairnError) in
      guard Int64(status.st_mtim.tv_sec) <= oldest else { return }
      guard unlink("\(folder)/\(name)") == 0 else {
        let number = errno
        if number == ENOENT { return }
        throw failure(number, "remove tmp/\(name)")
      }
      // Blocks, not length: pieces may have been written out of order, with holes between.
      freed += UInt64(status.st_blocks) * 512
    }
    return freed
  }

  /// Calls `body` for each regular file in a folder; a missing folder has none.
  private func visitFiles(
    in folder: String, _ body: (String, stat) throws(CairnError) -> Void
  ) throws(CairnError) {
    guard let stream = opendir(folder) else {
      let number = errno
      if number == ENOENT { return }
      throw failure(number, "list \(folder)")
    }
    defer { closedir(stream) }
    let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name)!
    while true {
      // The only way to tell the end from a failure.
      errno = 0
      guard let entry = readdir(stream) else {
        let number = errno
        if number == 0 { return }
        throw failure(number, "list \(folder)")
      }
      let bytes = UnsafeRawPointer(entry).advanced(by: nameOffset)
      let name = String(cString: bytes.assumingMemoryBound(to: CChar.self))
      var status = stat()
      guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        let number = errno
        // Deleted by somebody else since readdir, or a name that is no text: no object.
        if number == ENOENT { continue }
        throw failure(number, "list \(folder)/\(name)")
      }
      guard status.st_mode & S_IFMT == S_IFREG else { continue }
      try body(name, status)
    }
  }
}
