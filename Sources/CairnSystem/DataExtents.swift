internal import CCairnSystem
package import CairnCore
internal import Glibc

extension FileDescriptor {
  /// Most extents that ``dataExtents(_:extentCountMax:)`` returns.
  package static let extentCountMax = 65_536

  /// Where the file has data; what lies between (and after, up to the size) reads as zeros.
  ///
  /// A file that has as many blocks as its size needs is one extent without a further call, and so
  /// is any file whose file system doesn't tell. When there are more extents than
  /// `extentCountMax`, the smallest holes count as data. Moves the file position.
  package func dataExtents(
    _ status: FileStatus, extentCountMax: Int = FileDescriptor.extentCountMax
  ) throws(CairnError) -> [DataExtent] {
    let size = status.size
    guard size > 0 else { return [] }
    let whole = [DataExtent(offset: 0, byteCount: size)]
    guard status.mayHaveHoles else { return whole }

    var extents: [DataExtent] = []
    var offset: UInt64 = 0
    while offset < size {
      var start: UInt64 = 0
      var end: UInt64 = 0
      let result = cairn_next_data(number, offset, &start, &end)
      if result == -ENXIO { break }
      if Errno.meansUnsupported(-result) { return whole }
      try checked(result, "find the holes of", "file")
      // The file may change meanwhile; never go backwards and never beyond the size.
      guard end > start, start >= offset, start < size else { break }
      extents.append(DataExtent(offset: start, byteCount: min(end, size) - start))
      offset = end
      // Bounds memory for files with millions of holes.
      if extents.count >= extentCountMax * 2 { mergeSmallHoles(&extents, extentCountMax) }
    }
    if extents.count > extentCountMax { mergeSmallHoles(&extents, extentCountMax) }
    return extents
  }
}

/// Joins extents over the smallest holes until `countMax` are left.
func mergeSmallHoles(_ extents: inout [DataExtent], _ countMax: Int) {
  precondition(countMax > 0, "at least one extent must be allowed")
  guard extents.count > countMax else { return }
  let holes = zip(extents, extents.dropFirst()).map { $1.offset - $0.end }
  var excess = extents.count - countMax
  let threshold = holes.sorted()[excess - 1]
  // Of the holes exactly as large as the threshold only so many go as are too many.
  var equal = excess - holes.count(where: { $0 < threshold })
  var merged: [DataExtent] = [extents[0]]
  for (hole, extent) in zip(holes, extents.dropFirst()) {
    var joins = hole < threshold
    if hole == threshold, equal > 0 {
      joins = true
      equal -= 1
    }
    if joins && excess > 0 {
      excess -= 1
      merged[merged.count - 1].byteCount = extent.end - merged[merged.count - 1].offset
    } else {
      merged.append(extent)
    }
  }
  extents = merged
}
