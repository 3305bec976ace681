internal import CairnCore
internal import CairnFormat
internal import CairnSystem
internal import Synchronization

/// A regular file of the target that is being restored.
///
/// It waits for so many pieces; whoever brings the last one finishes it. The plan itself counts as
/// a piece until all of the file's chunks are known.
final class TargetFile: DescriptorOwner, @unchecked Sendable {
  // Unchecked: immutable but for the atomic, the mutex and what the base class guards.

  /// Tells the file that was made or found apart from one that took its name meanwhile.
  struct Identity: Equatable {
    var inode: UInt64
    var deviceMajor: UInt32
    var deviceMinor: UInt32

    init(_ status: FileStatus) {
      inode = status.inode
      deviceMajor = status.deviceMajor
      deviceMinor = status.deviceMinor
    }
  }

  struct State {
    /// Found in place and going to be brought up to date; `nil` for a new file.
    var existing: FileStatus?
    /// Whether what is in place was looked at.
    var isExamined = false
    var isReadOnly = false
    /// Data lies where the snapshot has holes, other than zeros.
    var hasDataInHoles = false
    /// There was a file of other content.
    var isReplacing = false
    var differs = false
    var identity: Identity?
    var isCreated = false
    /// Something was written to it.
    var isTouched = false
    var failure: CairnError?
  }

  let directory: TargetDirectory
  let name: RawPath
  let size: UInt64
  /// Data runs; `nil` when the file has no holes.
  let extents: [DataExtent]?
  /// Content before each of the data runs.
  private let contentOffsets: [UInt64]
  let metadata: EntryMetadata
  /// Something of that name was there when the directory was listed.
  let mayExist: Bool
  let links: LinkGroup?
  let state = Mutex(State())
  private let pendingCount = Atomic<Int>(1)
  /// Its chunks are planned in more than one window. Set before the first of them is handed on.
  let isSplit = Atomic<Bool>(false)

  init(
    _ node: Node, metadata: EntryMetadata, in directory: TargetDirectory, mayExist: Bool,
    links: LinkGroup?
  ) {
    self.directory = directory
    name = RawPath(node.name)
    size = node.size
    extents = node.extents
    var sum: UInt64 = 0
    contentOffsets = (node.extents ?? []).map { extent in
      defer { sum += extent.byteCount }
      return sum
    }
    self.metadata = metadata
    self.mayExist = mayExist
    self.links = links
    super.init()
    directory.retain()
  }

  /// Relative to the target.
  var path: RawPath { directory.path(of: name) }

  var pending: Int { pendingCount.load(ordering: .acquiring) }

  func addPending(_ count: Int) {
    pendingCount.wrappingAdd(count, ordering: .relaxed)
  }

  /// `true` when these were the last.
  func dropPending(_ count: Int) -> Bool {
    pendingCount.wrappingSubtract(count, ordering: .acquiringAndReleasing).newValue == 0
  }

  /// The first failure stays.
  func fail(_ error: CairnError) {
    state.withLock { if $0.failure == nil { $0.failure = error } }
  }

  var hasFailed: Bool { state.withLock { $0.failure != nil } }

  /// Calls `body` with each run of the file that `byteCount` bytes of content from
  /// `contentOffset` on fill: content is the data runs, one after the other.
  func forEachRun(
    at contentOffset: UInt64, byteCount: Int,
    _ body: (_ fileOffset: UInt64, _ start: Int, _ count: Int) throws(CairnError) -> Void
  ) throws(CairnError) {
    guard let extents else { return try body(contentOffset, 0, byteCount) }
    var low = 0
    var high = extents.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if contentOffsets[middle] <= contentOffset { low = middle } else { high = middle }
    }
    var done = 0
    while done < byteCount {
      guard low < extents.count else {
        throw CairnError.damaged("the content is longer than the data runs of its file")
      }
      let within = contentOffset + UInt64(done) - contentOffsets[low]
      let count = min(UInt64(byteCount - done), extents[low].byteCount - within)
      if count > 0 { try body(extents[low].offset + within, done, Int(count)) }
      done += Int(count)
      low += 1
    }
  }

  /// What no data run covers.
  var holes: [DataExtent] {
    guard let extents else { return [] }
    var holes: [DataExtent] = []
    var end: UInt64 = 0
    for extent in extents {
      if extent.offset > end {
        holes.append(DataExtent(offset: end, byteCount: extent.offset - end))
      }
      end = extent.end
    }
    if size > end { holes.append(DataExtent(offset: end, byteCount: size - end)) }
    return holes
  }
}

/// The names of one file that has several: the first is restored, the others are linked to it
/// once it is whole.
final class LinkGroup: Sendable {
  /// A second name, waiting. Both directories are retained for it.
  struct Name: Sendable {
    let directory: TargetDirectory
    let name: RawPath
  }

  private enum State {
    case waiting([Name])
    case whole
    case failed
  }

  let directory: TargetDirectory
  let first: RawPath
  private let state = Mutex<State>(.waiting([]))

  init(directory: TargetDirectory, first: RawPath) {
    self.directory = directory
    self.first = first
  }

  /// Whether a name can be linked now: `true`, never: `false`, later: `nil`, then it was noted.
  func add(_ name: Name) -> Bool? {
    state.withLock { state in
      switch state {
      case .waiting(let names):
        state = .waiting(names + [name])
        return nil
      case .whole: return true
      case .failed: return false
      }
    }
  }

  /// The first name is done; returns those that waited for it.
  func complete(isWhole: Bool) -> [Name] {
    state.withLock { state in
      guard case .waiting(let names) = state else { return [] }
      state = isWhole ? .whole : .failed
      return names
    }
  }
}
