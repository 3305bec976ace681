package import CairnCore
internal import CairnFormat
package import CairnRepository
internal import CairnSystem

/// Frees the space of what no snapshot needs any more.
///
/// It never acts on incomplete knowledge: damage to a root, a segment, or a needed tree or pack
/// ends it before anything is changed.
package enum Prune {
  /// Works out what a prune would do, and changes nothing. Throws `damaged` when the repository
  /// isn't sound enough to decide.
  ///
  /// `forgotten`: snapshots to leave out as if they were forgotten already.
  package static func plan(
    _ options: PruneOptions, without forgotten: Set<ObjectName> = [], in repository: Repository,
    progress: Progress, cancellation: Cancellation
  ) throws(CairnError) -> PrunePlan {
    try Lease.hold(.shared, for: "prune (dry run)", in: repository) { (_) throws(CairnError) in
      let survey = PruneSurvey(
        repository, options, progress: progress, cancellation: cancellation)
      survey.forgotten = forgotten
      try survey.run()
      return survey.plan
    }
  }

  /// Prunes with the options of `plan`. What to do is worked out again, since the plan was made
  /// without keeping others off. `busy` while anybody else works on the repository.
  ///
  /// Stopped anywhere, it leaves a sound repository, and another prune finishes the job.
  package static func execute(
    _ plan: PrunePlan, in repository: Repository, progress: Progress, cancellation: Cancellation
  ) throws(CairnError) -> PruneReport {
    try execute(plan.options, in: repository, progress: progress, cancellation: cancellation)
  }

  /// Prunes without having shown a plan before.
  package static func execute(
    _ options: PruneOptions, in repository: Repository, progress: Progress,
    cancellation: Cancellation
  ) throws(CairnError) -> PruneReport {
    let start = MonotonicClock.nanoseconds
    return try Lease.hold(.exclusive, for: "prune", in: repository) {
      (lease) throws(CairnError) in
      let survey = PruneSurvey(
        repository, options, progress: progress, cancellation: cancellation)
      try survey.run()
      let sweep = PruneSweep(
        survey, lease: lease, progress: progress, cancellation: cancellation)
      try sweep.run()
      var report = sweep.report
      report.nanoseconds = MonotonicClock.nanoseconds - start
      return report
    }
  }
}
