internal import CCairnSystem
package import CairnCore

/// What a crash of the process leaves behind.
package enum FaultNote {
  /// From now on a crash (SIGSEGV, SIGBUS, SIGABRT) first writes `content` to the file `path` and
  /// `message`, a line, to standard error. The last call counts.
  ///
  /// For memory that is mapped from a file somebody else may have damaged: the crash itself can't
  /// always be prevented, but it need not come again each time.
  package static func arm(path: String, content: String, message: String) throws(CairnError) {
    try checked(
      cairn_arm_fault_note(path, content, message + "\n"), "watch for crashes", RawPath([]))
  }
}
