internal import CCairnSystem
package import CairnCore

/// Whole small files: configuration, keys, caches, locks.
extension DirectoryHandle {
  /// The content of a file of at most `byteCountMax` bytes; a larger one is `failed`. A symbolic
  /// link is refused unless `followingLink`.
  package func readFile(_ name: RawPath, byteCountMax: Int, followingLink: Bool = false)
    throws(CairnError) -> [UInt8]
  {
    let file = try open(name, followingLink ? [.read, .followingLink] : .read)
    // Files in /proc have no size, so the size only says how much room to make.
    let expected = min(Int(clamping: try file.status().size), byteCountMax)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(expected + 1)
    var capacity = max(expected + 1, 4096)
    while true {
      var count = 0
      let part = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
        count = cairn_read(file.number, buffer.baseAddress, capacity)
        initialized = max(0, count)
      }
      try checked(count, "read", name)
      if count == 0 { return bytes }
      bytes.append(contentsOf: part)
      if bytes.count > byteCountMax {
        throw CairnError(
          .failed, "\(name.displayText) is larger than \(byteCountMax) bytes")
      }
      capacity = min(capacity * 2, 1 << 20)
    }
  }

  /// Writes a file that appears whole or not at all and is durable on return: a temporary name,
  /// fsync, rename, fsync of the directory. `name` may have several components.
  ///
  /// With `replacing` false an existing file is an `exists` error and stays as it is.
  package func writeFile(
    _ name: RawPath, _ bytes: [UInt8], mode: UInt16 = 0o600, replacing: Bool
  ) throws(CairnError) {
    let parent = try open(name.parent, [.read, .directory, .followingLink])
    let final = name.lastComponent
    let temporary = RawPath(".\(Hex.encode(try SystemRandom.bytes(8))).tmp")
    let file = try parent.directory.open(temporary, [.write, .createNew], mode: mode)
    do throws(CairnError) {
      try file.write(bytes, at: 0)
      try file.sync()
      try file.close()
      try parent.directory.rename(temporary, to: final, replacing: replacing)
    } catch {
      let told = CairnError.system(error.errno ?? 0, "write", name)
      // The first failure is the one to tell; a leftover temporary file does no harm.
      _ = temporary.withCString { cairn_unlink(parent.number, $0, 0) }
      throw error.errno == nil ? error : told
    }
    try parent.sync()
  }
}
