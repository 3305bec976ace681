internal import CairnCore
internal import CairnFormat
internal import CairnSystem
internal import Synchronization

/// A directory of the target that is being restored. It lives until its last entry is done and
/// then gets its metadata, so that parents come after their children.
final class TargetDirectory: DescriptorOwner, @unchecked Sendable {
  // Unchecked: immutable but for the atomic and what the base class guards.
  /// `nil` for the target itself.
  let parent: TargetDirectory?
  /// One component; for the target itself, the path the user gave.
  let name: RawPath
  /// What it is to become; `nil` when it stays as it is.
  let metadata: EntryMetadata?
  /// Made by this restore, so that nothing can be in it.
  let isNew: Bool
  /// What is made in it may inherit a group or an ACL, or comes upon the same in its place.
  let inheritsTraits: Bool
  /// Not there: this is a dry run.
  let isVirtual: Bool
  /// Whether it was backed up as a whole: what the snapshot doesn't have in it is extra.
  let isWithinSources: Bool
  private let pendingCount = Atomic<Int>(1)

  init(
    parent: TargetDirectory?, name: RawPath, metadata: EntryMetadata?, isNew: Bool,
    inheritsTraits: Bool, isVirtual: Bool, isWithinSources: Bool
  ) {
    self.parent = parent
    self.name = name
    self.metadata = metadata
    self.isNew = isNew
    self.inheritsTraits = inheritsTraits
    self.isVirtual = isVirtual
    self.isWithinSources = isWithinSources
    super.init()
    parent?.retain()
  }

  /// One more entry to wait for.
  func retain() {
    pendingCount.wrappingAdd(1, ordering: .relaxed)
  }

  /// One entry less; `true` when it was the last.
  func dropPending() -> Bool {
    pendingCount.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0
  }

  /// Relative to the target; `.` for the target itself.
  var path: RawPath {
    guard let parent else { return .current }
    return parent.parent == nil ? name : parent.path.appending(name)
  }

  /// Of an entry in it, relative to the target.
  func path(of entry: RawPath) -> RawPath {
    parent == nil ? entry : path.appending(entry)
  }
}
