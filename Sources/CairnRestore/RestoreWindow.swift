internal import CairnCore
internal import CairnIndex
internal import Synchronization

/// One place that wants a chunk.
struct Placement: BitwiseCopyable {
  var id: ChunkID
  /// Bytes of the file's content before it.
  var contentOffset: UInt64
  var byteCount: UInt32
  /// In the window's list of files.
  var file: UInt32
  /// Where the chunk lies: pack number, 0 while unknown; frame; bytes before it in the frame.
  var pack: UInt32 = 0
  var frame: UInt32 = 0
  var offsetInFrame: UInt32 = 0

  init(id: ChunkID, contentOffset: UInt64, byteCount: UInt32, file: UInt32) {
    self.id = id
    self.contentOffset = contentOffset
    self.byteCount = byteCount
    self.file = file
  }

  /// Orders by the place in the store.
  var frameKey: UInt64 { UInt64(pack) << 32 | UInt64(frame) }
}

/// A part of the snapshot that is restored in one go: the chunks it wants are sorted by pack, so
/// that each frame is read once. Its size bounds memory, however large the snapshot.
///
/// It passes through three stages: the walk fills it; workers compare what is in place and make
/// what has no content; workers fetch frames. In each stage the threads take items by number.
final class RestoreWindow: @unchecked Sendable {
  // Unchecked: arrays change only in the hands of one thread, between stages; during a stage
  // workers write `isInPlace` at places that are theirs alone.

  /// The chunks of one file in this window.
  struct Span {
    let file: TargetFile
    var start: Int
    var count: Int
    /// The rest of the file comes with a later window.
    var continues = false
  }

  /// Placements to compare with what is in place: some of one span.
  struct Comparison {
    let file: TargetFile
    let start: Int
    let count: Int
  }

  /// Frames that lie together in a pack and are read with one call, and the placements they serve.
  struct Run {
    let pack: PackNumber
    let start: Int
    let count: Int
  }

  static let fileCountMax = 32 << 10
  static let placementCountMax = 128 << 10
  /// Chunks one worker compares at a time.
  static let comparisonCountMax = 64

  var spans: [Span] = []
  var placements: [Placement] = []
  var specials: [SpecialEntry] = []
  var comparisons: [Comparison] = []
  /// For each placement, whether the target has its bytes already.
  var isInPlace = UnsafeMutablePointer<Bool>.allocate(capacity: placementCountMax)
  /// Files without anything to fetch.
  var finished: [TargetFile] = []
  var runs: [Run] = []
  let nextItem = Atomic<Int>(0)
  /// Workers that have not left the stage.
  let activeCount = Atomic<Int>(0)

  init() {
    placements.reserveCapacity(RestoreWindow.placementCountMax)
  }

  deinit {
    isInPlace.deallocate()
  }

  var isFull: Bool {
    placements.count >= RestoreWindow.placementCountMax
      || spans.count + specials.count >= RestoreWindow.fileCountMax
  }

  var isEmpty: Bool { spans.isEmpty && specials.isEmpty }

  func removeAll() {
    spans.removeAll(keepingCapacity: true)
    placements.removeAll(keepingCapacity: true)
    specials.removeAll(keepingCapacity: true)
    comparisons.removeAll(keepingCapacity: true)
    finished.removeAll(keepingCapacity: true)
    runs.removeAll(keepingCapacity: true)
  }

  /// Begins a stage that `workerCount` threads go through.
  func begin(workerCount: Int) {
    nextItem.store(0, ordering: .relaxed)
    activeCount.store(workerCount, ordering: .releasing)
  }

  /// `true` for the worker that leaves last.
  func leave() -> Bool {
    activeCount.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0
  }

  /// Takes up to `count` of the stage's items; `nil` when none are left.
  func take(_ count: Int, of total: Int) -> Range<Int>? {
    let start = nextItem.wrappingAdd(count, ordering: .relaxed).oldValue
    return start < total ? start..<min(start + count, total) : nil
  }
}
