internal import CairnCore
internal import CairnFormat
internal import CairnRepository

/// The records of one directory of the parent snapshot, walked in step with the listing of the
/// source, which is in the same order. Its memory is reused from directory to directory.
final class ParentListing {
  private var records: [UInt8] = []
  private var starts: [Int] = []
  private var position = 0

  /// Loads a directory; `nil` stands for one the parent doesn't have. A page that can't be read
  /// only costs reading files again.
  func load(_ directory: DirectoryContent?, from tree: TreeReader?) {
    records.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    position = 0
    guard let directory, let tree else { return }
    do throws(CairnError) {
      try tree.forEachRecord(in: directory) { (record) throws(CairnError) in
        starts.append(records.count)
        records.append(contentsOf: record)
      }
    } catch {
      records.removeAll(keepingCapacity: true)
      starts.removeAll(keepingCapacity: true)
    }
    starts.append(records.count)
  }

  /// Calls `body` with the record of `name`, if there is one. Names must be asked for in ascending
  /// order.
  func find<R>(
    _ name: UnsafeRawBufferPointer, _ body: (NodeSummary) throws(CairnError) -> R?
  ) throws(CairnError) -> R? {
    while position + 1 < starts.count {
      let result: Result<(order: Int, value: R?), CairnError> = records.withUnsafeBytes { bytes in
        do throws(CairnError) {
          let record = UnsafeRawBufferPointer(
            rebasing: bytes[starts[position]..<starts[position + 1]])
          let summary = try NodeSummary(decoding: record)
          let order = ParentListing.compare(summary.name, name)
          return .success((order, order == 0 ? try body(summary) : nil))
        } catch {
          return .failure(error)
        }
      }
      let (order, value) = try result.get()
      if order > 0 { return nil }
      position += 1
      if order == 0 { return value }
    }
    return nil
  }

  /// Whether the last name asked for was in the parent.
  func hasJustSeen(_ name: [UInt8]) -> Bool {
    guard position > 0, position < starts.count else { return false }
    return records.withUnsafeBytes { bytes in
      let record = bytes[starts[position - 1]..<starts[position]]
      let nameStart = name.count < 128 ? 1 : 2
      return record.count >= nameStart + name.count
        && record.dropFirst(nameStart).prefix(name.count).elementsEqual(name)
    }
  }

  /// The content of the directory of that name; `nil` when the parent has none.
  func content(of name: [UInt8]) throws(CairnError) -> DirectoryContent? {
    let result: Result<DirectoryContent?, CairnError> = name.withUnsafeBytes { name in
      do throws(CairnError) {
        return .success(
          try find(name) { (summary) throws(CairnError) -> DirectoryContent? in
            try Node(decoding: summary.record).directory
          })
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = min(a.count, b.count)
    for index in 0..<common where a[index] != b[index] {
      return a[index] < b[index] ? -1 : 1
    }
    return a.count - b.count
  }
}
