internal import CairnCore
internal import Synchronization

/// Keeps an environment open; shared by the indexes and readers of one process.
final class EnvironmentLease: Sendable {
  let environment: IndexEnvironment
  /// Whether a damaged or outdated index had to make way when the environment was opened.
  let wasRebuilt: Bool

  fileprivate init(environment: IndexEnvironment, wasRebuilt: Bool) {
    self.environment = environment
    self.wasRebuilt = wasRebuilt
  }

  deinit {
    EnvironmentRegistry.release(environment)
  }
}

/// The environments this process has open, one for each folder: LMDB's locks break when a process
/// opens a file twice.
enum EnvironmentRegistry {
  private struct Entry {
    var environment: IndexEnvironment
    var leaseCount: Int
  }

  private static let entries = Mutex<[Entry]>([])

  /// Opens the index in `directory` or shares the one that is open.
  ///
  /// - Throws: `failed` when it is open for another repository.
  static func lease(directory: String, repositoryID: [UInt8], options: IndexOptions)
    throws(CairnError) -> EnvironmentLease
  {
    let folder = try IndexFolder(creating: directory)
    let bootID: String
    if let given = options.bootID {
      bootID = given
    } else {
      bootID = try IndexFolder.currentBootID()
    }
    let marker = UnsyncedMarker(folder: folder, bootID: bootID)
    let result = entries.withLock { entries -> Result<EnvironmentLease, CairnError> in
      do throws(CairnError) {
        // One that met damage or whose files were removed is left to those who use it.
        if let open = entries.firstIndex(where: {
          $0.environment.folder.path == folder.path && !$0.environment.isCondemned
            && $0.environment.isCurrentFile
        }) {
          let environment = entries[open].environment
          guard environment.repositoryID == repositoryID else {
            throw CairnError(.failed, "\(folder.path) is in use for another repository")
          }
          entries[open].leaseCount += 1
          return .success(EnvironmentLease(environment: environment, wasRebuilt: false))
        }
        try marker.condemnOnCrash()
        let (environment, wasRebuilt) = try openOrRebuild(
          folder, repositoryID, marker, options.mapByteCount)
        entries.append(Entry(environment: environment, leaseCount: 1))
        return .success(EnvironmentLease(environment: environment, wasRebuilt: wasRebuilt))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  fileprivate static func release(_ environment: IndexEnvironment) {
    entries.withLock { entries in
      guard let position = entries.firstIndex(where: { $0.environment === environment }) else {
        preconditionFailure("an environment is released once for each lease")
      }
      entries[position].leaseCount -= 1
      if entries[position].leaseCount == 0 {
        // Within the lock, so that nobody opens the file again before it is closed.
        entries.remove(at: position).environment.close()
      }
    }
  }

  private static func openOrRebuild(
    _ folder: IndexFolder, _ repositoryID: [UInt8], _ marker: UnsyncedMarker, _ mapByteCount: Int
  ) throws(CairnError) -> (IndexEnvironment, wasRebuilt: Bool) {
    try folder.whileLocked { () throws(CairnError) in
      func open() throws(CairnError) -> IndexEnvironment {
        try IndexEnvironment(
          folder: folder, repositoryID: repositoryID, marker: marker, mapByteCount: mapByteCount)
      }
      var wasRebuilt = false
      if folder.exists(folder.dataPath) {
        let isCurrent = try marker.allowsReading()
        if isCurrent, try DataFileCheck.isSound(folder.dataPath) {
          do throws(CairnError) {
            return (try open(), false)
          } catch  where error.code != .damaged {
            throw error
          } catch {
            // Falls through: damage to a cache is a reason to make it anew.
          }
        }
        wasRebuilt = true
      }
      try folder.discard()
      return (try open(), wasRebuilt)
    }
  }
}
