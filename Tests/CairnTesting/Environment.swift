internal import Glibc

/// Settings of a test run.
package enum Environment {
  /// `nil` when the variable is not set.
  package static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
