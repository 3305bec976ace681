import ArgumentParser
import CairnCore
import Glibc

/// The program: takes the arguments as the system gave them, runs the command they name, tells
/// what went wrong, and ends with the right status.
package enum Program {
  /// Never returns; see ``ExitStatus`` for what it ends with.
  package static func run() -> Never {
    // Whoever stops reading our output ends us without a word, as with other tools.
    signal(SIGPIPE, SIG_DFL)
    tzset()
    let arguments = ArgumentOrder.commandFirst(RawText.arguments())
    let status = run(arguments)
    exit(StandardOutput.flush() ? status : ExitStatus.failed.rawValue)
  }

  private static func run(_ arguments: [String]) -> Int32 {
    do {
      try requireKnownCommand(arguments)
      var command = try CairnCommand.parseAsRoot(arguments)
      try command.run()
      return ExitStatus.done.rawValue
    } catch let error as CairnError {
      return tell(error, json: asksForJSON(arguments))
    } catch let code as ExitCode {
      return code.rawValue
    } catch {
      return tell(parserError: error, json: asksForJSON(arguments))
    }
  }

  /// The parser would call a misspelled command an unexpected argument.
  private static func requireKnownCommand(_ arguments: [String]) throws(CairnError) {
    guard let name = arguments.first, !name.hasPrefix("-"), name != "help",
      !CairnCommand.all.contains(where: { $0.configuration.commandName == name })
    else { return }
    throw CairnError(
      .usage, "there is no command \(RawText.displayText(name)); cairn --help lists them all")
  }

  /// Looked up by hand, because the arguments may be such that they can't be parsed.
  private static func asksForJSON(_ arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains("--json")
  }

  private static func tell(_ error: CairnError, json: Bool) -> Int32 {
    let status = ExitStatus(error.code)
    if json { JSONDocument.write(ErrorDocument(error, status: status)) }
    if !json || status == .interrupted { StandardError.line("cairn: \(error.message)") }
    return status.rawValue
  }

  /// Help and version are errors to the parser, too.
  private static func tell(parserError error: any Error, json: Bool) -> Int32 {
    let message = CairnCommand.fullMessage(for: error)
    if CairnCommand.exitCode(for: error).isSuccess {
      StandardOutput.write(message + "\n")
      return ExitStatus.done.rawValue
    }
    if json {
      let text = RawText.displayText(CairnCommand.message(for: error))
      JSONDocument.write(ErrorDocument(CairnError(.usage, text), status: .usage))
    } else {
      StandardError.line("cairn: \(RawText.displayText(UsageMessage.text(message)))")
    }
    return ExitStatus.usage.rawValue
  }
}

/// The parser's own messages in this program's manner.
enum UsageMessage {
  /// Drops the leading `Error: `.
  static func text(_ message: String) -> String {
    message.hasPrefix("Error: ") ? String(message.dropFirst("Error: ".count)) : message
  }
}

/// What `--json` prints when a command fails.
struct ErrorDocument: Encodable {
  struct Failure: Encodable {
    var code: String
    var message: String
    var status: Int32
  }

  var error: Failure

  init(_ error: CairnError, status: ExitStatus) {
    self.error = Failure(
      code: error.code.rawValue, message: error.message, status: status.rawValue)
  }
}

/// The version of this program.
enum Version {
  static let number = "0.1.0"
  static let text = "cairn \(number)"
}
