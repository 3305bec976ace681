internal import CairnCore
internal import Glibc

/// Looks at the two meta pages of an LMDB data file before LMDB does.
///
/// LMDB believes them: a file shorter than they say ends in a SIGBUS, a wrong root in reads from
/// anywhere. The layout is that of the data format 1 of LMDB 0.9 on a 64-bit machine
/// (`MDB_page`, `MDB_meta` and `MDB_db` in its mdb.c), in the machine's byte order.
struct DataFileCheck {
  private struct Meta {
    var lastPage: UInt64
    var transaction: UInt64
    var isSound: Bool
  }

  private static let metaByteCount = 152
  private static let metaFlag: UInt16 = 0x08
  private static let branchFlag: UInt16 = 0x01
  private static let leafFlag: UInt16 = 0x02
  private static let integerKeyFlag: UInt16 = 0x08
  /// 64 TiB of pages; more than any index needs, and offsets stay far from overflowing.
  private static let pageCountMax: UInt64 = 1 << 34
  private static let noPage = UInt64.max

  /// Looks that are taken before a file is given up: another process may be writing it, and
  /// several of its transactions may end between two of our reads.
  private static let attemptCount = 5

  /// Whether the file at `path` can be handed to LMDB.
  static func isSound(_ path: String) throws(CairnError) -> Bool {
    for _ in 0..<attemptCount {
      if try looksSound(path) { return true }
    }
    return false
  }

  private static func looksSound(_ path: String) throws(CairnError) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IndexFolder.failure("open \(path)") }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw IndexFolder.failure("look at \(path)") }
    let pageSize = UInt64(sysconf(Int32(_SC_PAGESIZE)))
    let pageCount = UInt64(information.st_size) / pageSize

    func bytes(ofPage page: UInt64) throws(CairnError) -> [UInt8] {
      var status: Int32 = 0
      let result = [UInt8](unsafeUninitializedCapacity: metaByteCount) { buffer, count in
        let got = pread(descriptor, buffer.baseAddress!, metaByteCount, off_t(page * pageSize))
        if got < 0 { status = errno }
        count = max(got, 0)
      }
      if status != 0 { throw IndexDamage.error(status, "read \(path)") }
      return result
    }

    /// Whether a tree's root is a page of its kind.
    func isRoot(_ page: UInt64, depth: UInt16, lastPage: UInt64) throws(CairnError) -> Bool {
      if page == noPage { return depth == 0 }
      guard depth > 0, depth <= 32, page >= 2, page <= lastPage, page < pageCount else {
        return false
      }
      let header = try bytes(ofPage: page)
      guard header.count == metaByteCount else { return false }
      let flags: UInt16 = load(header, 10) & 0x0f
      return load(header, 0) as UInt64 == page && flags == (depth == 1 ? leafFlag : branchFlag)
    }

    func meta(_ page: UInt64) throws(CairnError) -> Meta? {
      let page = try bytes(ofPage: page)
      guard page.count == metaByteCount else { return nil }
      let lastPage: UInt64 = load(page, 136)
      guard hasExpectedHeader(page, pageSize: pageSize), lastPage >= 1, lastPage < pageCountMax
      else { return nil }
      let hasFreeList = try isRoot(load(page, 80), depth: load(page, 46), lastPage: lastPage)
      let hasTables = try isRoot(load(page, 128), depth: load(page, 94), lastPage: lastPage)
      return Meta(
        lastPage: lastPage, transaction: load(page, 144), isSound: hasFreeList && hasTables)
    }

    guard let first = try meta(0), let second = try meta(1) else { return false }
    // Transactions take the two pages in turn; only an index that was never written has 0 on both.
    let (newer, older) = first.transaction > second.transaction ? (first, second) : (second, first)
    let areInTurn =
      first.transaction % 2 == 0
      && (newer.transaction == older.transaction + 1
        && (second.transaction % 2 == 1) || newer.transaction == 0)
    // The older tree may have been reused in part by now; the newer must be whole.
    return areInTurn && newer.isSound && newer.lastPage >= older.lastPage
      && newer.lastPage < pageCount
  }

  /// Whether everything that is the same in all meta pages is as it has to be.
  private static func hasExpectedHeader(_ page: [UInt8], pageSize: UInt64) -> Bool {
    let flags: UInt16 = load(page, 10)
    let magic: UInt32 = load(page, 16)
    let version: UInt32 = load(page, 20)
    let mapByteCount: UInt64 = load(page, 32)
    let storedPageSize: UInt32 = load(page, 40)
    let freeListFlags: UInt16 = load(page, 44)
    let tableFlags: UInt16 = load(page, 92)
    let mapByteCountMax: UInt64 = 1 << 46
    return flags == metaFlag && magic == 0xBEEF_C0DE && version == 1
      && mapByteCount % pageSize == 0 && mapByteCount <= mapByteCountMax
      && storedPageSize == UInt32(pageSize) && freeListFlags == integerKeyFlag && tableFlags == 0
  }

  private static func load<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: [UInt8], _ offset: Int
  ) -> T {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
  }
}
