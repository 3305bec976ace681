import Glibc
import Synchronization

/// What goes to standard output: collected, and written in large pieces.
enum StandardOutput {
  private static let state = Mutex(State())

  private struct State {
    var bytes: [UInt8] = []
    var hasFailed = false
  }

  static let isTerminal = isatty(STDOUT_FILENO) == 1

  static func line(_ text: String = "") { write(text + "\n") }

  static func write(_ text: String) { write(bytes: Array(text.utf8)) }

  static func write(bytes: [UInt8]) {
    state.withLock { state in
      state.bytes.append(contentsOf: bytes)
      if state.bytes.count >= 1 << 16 { drain(&state) }
    }
  }

  /// Writes what was collected. `false` when something could not be written, which is told once.
  static func flush() -> Bool {
    state.withLock { state in
      drain(&state)
      return !state.hasFailed
    }
  }

  private static func drain(_ state: inout State) {
    if !state.hasFailed, let reason = writeAll(state.bytes, to: STDOUT_FILENO) {
      state.hasFailed = true
      // Nobody reads any more: that is no failure worth words.
      if reason != EPIPE {
        StandardError.line("cairn: cannot write the output: \(String(cString: strerror(reason)))")
      }
    }
    state.bytes.removeAll(keepingCapacity: true)
  }
}

/// Messages for people. Each line is one write, so that lines of several threads don't mix.
enum StandardError {
  static let isTerminal = isatty(STDERR_FILENO) == 1

  static func line(_ text: String) { write(text + "\n") }

  static func write(_ text: String) {
    // There is nobody left to tell when this fails.
    _ = writeAll(Array(text.utf8), to: STDERR_FILENO)
  }

  /// Columns of the terminal.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// `nil`, or the `errno` of what went wrong.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
  bytes.withUnsafeBytes { buffer in
    var done = 0
    while done < buffer.count {
      let count = Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return errno }
      done += count
    }
    return nil
  }
}
