internal import CairnCore
internal import CairnFormat
internal import CairnRepository

extension Lease {
  /// Holds a lease while `body` runs.
  static func hold<R>(
    _ mode: LeaseRecord.Mode, for operation: String, in repository: Repository,
    _ body: (Lease) throws(CairnError) -> R
  ) throws(CairnError) -> R {
    let lease = try acquire(mode, for: operation, in: repository)
    let result: R
    do throws(CairnError) {
      result = try body(lease)
    } catch {
      do throws(CairnError) {
        try lease.release()
      } catch {
        // A lease that can't be deleted now dies with this process; the first error counts.
      }
      throw error
    }
    try lease.release()
    return result
  }
}
