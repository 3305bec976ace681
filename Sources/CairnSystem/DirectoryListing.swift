internal import CCairnSystem
package import CairnCore
internal import Glibc

/// The entries of one directory, sorted by the bytes of their names. One listing serves many
/// directories in turn: its memory is reused, and no entry costs an allocation.
///
/// Not for use by several threads at once.
package final class DirectoryListing {
  /// One entry; its name lies in the listing's arena.
  package struct Entry: BitwiseCopyable, Sendable {
    /// The first eight bytes of the name as a big-endian number, zeros after its end: orders most
    /// names without looking at the arena.
    var prefix: UInt64
    var nameOffset: UInt32
    package var nameByteCount: UInt16
    /// What the directory says; `unknown` on file systems that don't keep it there.
    package var type: FileType
    /// As the directory has it; differs from the status at mount points.
    package var inode: UInt64
  }

  /// Sorted by name bytes (`memcmp` order, a prefix first).
  package private(set) var entries: [Entry] = []

  private let window = UnsafeMutableRawPointer.allocate(
    byteCount: DirectoryListing.windowByteCount, alignment: 16)
  private var arena: UnsafeMutableRawPointer
  private var arenaCapacity = 64 << 10
  private var arenaByteCount = 0

  /// Large enough that all but huge directories take one system call and the one that says "end".
  private static let windowByteCount = 256 << 10

  package init() {
    arena = .allocate(byteCount: arenaCapacity, alignment: 16)
  }

  deinit {
    window.deallocate()
    arena.deallocate()
  }

  package var count: Int { entries.count }

  /// The name of an entry, NUL-terminated; good until the listing is filled again.
  @inline(__always)
  package func cName(of entry: Entry) -> UnsafePointer<CChar> {
    UnsafePointer((arena + Int(entry.nameOffset)).assumingMemoryBound(to: CChar.self))
  }

  /// The name's bytes without the NUL; good until the listing is filled again.
  @inline(__always)
  package func nameBytes(of entry: Entry) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: arena + Int(entry.nameOffset), count: Int(entry.nameByteCount))
  }

  /// A copy of the name.
  package func name(of entry: Entry) -> [UInt8] {
    [UInt8](nameBytes(of: entry))
  }

  /// Reads all entries of `directory` but `.` and `..`, replacing what the listing held. The
  /// descriptor is read to its end: open it anew to list again.
  package func fill(from directory: borrowing FileDescriptor) throws(CairnError) {
    entries.removeAll(keepingCapacity: true)
    arenaByteCount = 0
    while true {
      let count = cairn_getdents(directory.number, window, DirectoryListing.windowByteCount)
      if count < 0 { throw failure(Int32(-count), "list", "directory") }
      if count == 0 { break }
      try take(count)
    }
    sort()
  }

  /// Parses one window of `linux_dirent64` records: inode 8, offset 8, length 2, type 1, name.
  private func take(_ byteCount: Int) throws(CairnError) {
    // All names fit in what the records took, so room is made once a window.
    reserve(byteCount)
    var offset = 0
    while offset < byteCount {
      let record = window + offset
      let recordByteCount = Int(record.load(fromByteOffset: 16, as: UInt16.self))
      let name = record + 19
      let nameByteCount = strlen(name.assumingMemoryBound(to: CChar.self))
      offset += recordByteCount
      if isDots(name, nameByteCount) { continue }
      guard arenaByteCount <= Int(UInt32.max) else {
        throw CairnError(.failed, "directory has too many entries")
      }
      memcpy(arena + arenaByteCount, name, nameByteCount + 1)
      entries.append(
        Entry(
          prefix: prefix(name, nameByteCount), nameOffset: UInt32(arenaByteCount),
          nameByteCount: UInt16(nameByteCount),
          type: FileType(
            directoryEntryType: record.load(fromByteOffset: 18, as: UInt8.self)),
          inode: record.load(as: UInt64.self)))
      arenaByteCount += nameByteCount + 1
    }
  }

  private func reserve(_ byteCount: Int) {
    guard arenaByteCount + byteCount > arenaCapacity else { return }
    let capacity = max(arenaCapacity * 2, arenaByteCount + byteCount)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    memcpy(larger, arena, arenaByteCount)
    arena.deallocate()
    arena = larger
    arenaCapacity = capacity
  }

  private func sort() {
    let names = arena
    entries.withUnsafeMutableBufferPointer { entries in
      entries.sort { a, b in
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        let order = memcmp(
          names + Int(a.nameOffset), names + Int(b.nameOffset),
          Int(min(a.nameByteCount, b.nameByteCount)))
        return order != 0 ? order < 0 : a.nameByteCount < b.nameByteCount
      }
    }
  }

  @inline(__always)
  private func isDots(_ name: UnsafeMutableRawPointer, _ byteCount: Int) -> Bool {
    guard byteCount <= 2, name.load(as: UInt8.self) == UInt8(ascii: ".") else { return false }
    return byteCount == 1 || name.load(fromByteOffset: 1, as: UInt8.self) == UInt8(ascii: ".")
  }

  @inline(__always)
  private func prefix(_ name: UnsafeMutableRawPointer, _ byteCount: Int) -> UInt64 {
    var word: UInt64 = 0
    memcpy(&word, name, min(8, byteCount))
    return UInt64(bigEndian: word)
  }
}
