import ArgumentParser

/// The options that say how much a command tells, and to whom.
struct OutputOptionsGroup: ParsableArguments {
  @Flag(help: "Print one JSON document for programs, errors included.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print only what went wrong.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Print details.")
  var verbose = false

  mutating func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }
}
