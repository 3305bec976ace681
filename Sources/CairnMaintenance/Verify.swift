package import CairnCore
internal import CairnFormat
internal import CairnObjectStore
package import CairnRepository
internal import CairnSystem

/// Proves that a repository is whole: that everything its snapshots need is there and, when asked,
/// that every stored byte is what was written.
package enum Verify {
  /// Looks at everything and reports all damage it finds; only what keeps it from looking (an
  /// unreachable store, an interruption) is thrown. Takes a shared lease, so that no prune removes
  /// what is being looked at.
  package static func run(
    _ options: VerifyOptions, in repository: Repository, progress: Progress,
    cancellation: Cancellation
  ) throws(CairnError) -> VerifyReport {
    let start = MonotonicClock.nanoseconds
    var notes: [String] = []
    let lease: Lease?
    do throws(CairnError) {
      lease = try Lease.acquire(.shared, for: "verify", in: repository)
    } catch  where error.code == .denied {
      lease = nil
      notes.append("the repository can't be written to: a prune that runs now isn't kept off")
    }
    var report: VerifyReport
    do throws(CairnError) {
      let check = StructureCheck(repository, progress: progress, cancellation: cancellation)
      try check.run()
      if options.readsData {
        progress.phase = .running
        let count = options.workerCount > 0 ? options.workerCount : SystemInformation.processorCount
        try DataCheck.run(check, workerCount: count)
      }
      report = check.report
      report.notes = notes + report.notes
      report.damage = check.log.findings
      report.damageCount = check.log.count
    } catch {
      do throws(CairnError) {
        try lease?.release()
      } catch {
        // A lease that can't be deleted now dies with this process.
      }
      throw error
    }
    try lease?.release()
    report.nanoseconds = MonotonicClock.nanoseconds - start
    return report
  }
}
