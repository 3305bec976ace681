import CairnCore
import CairnCrypto
import CairnSystem
import Glibc

/// Asks for a password on the terminal of this process, without showing what is typed.
enum PasswordPrompt {
  /// `usage` when there is no terminal; `interrupted` after Ctrl-C.
  static func ask(_ prompt: String, twice: Bool) throws(CairnError) -> SecretBytes {
    let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CairnError(
        .usage,
        "no password is given and there is no terminal to ask on: use --password-file,"
          + " --password-command, --key-file or CAIRN_PASSWORD")
    }
    defer { close(descriptor) }
    let first = try readLine(prompt, from: descriptor)
    if twice {
      let second = try readLine("the same password again: ", from: descriptor)
      guard first.equals(second) else {
        throw CairnError(.usage, "the two passwords differ; nothing was done")
      }
    }
    return first
  }

  private static func readLine(
    _ prompt: String, from descriptor: Int32
  ) throws(CairnError) -> SecretBytes {
    var saved = termios()
    guard tcgetattr(descriptor, &saved) == 0 else {
      throw CairnError.system(errno, "prepare the terminal")
    }
    // Signals are turned off, too: Ctrl-C must not leave the terminal mute.
    var silent = saved
    silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    tcsetattr(descriptor, TCSAFLUSH, &silent)
    defer { tcsetattr(descriptor, TCSAFLUSH, &saved) }
    write(prompt, to: descriptor)
    defer { write("\n", to: descriptor) }
    var line: [UInt8] = []
    // Never moved while it grows, so that no copy stays behind.
    line.reserveCapacity(4096)
    defer { PasswordSource.wipe(&line) }
    while true {
      var byte: UInt8 = 0
      let count = read(descriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      switch (count, byte) {
      case (..<1, _), (1, 0x04), (1, UInt8(ascii: "\n")), (1, UInt8(ascii: "\r")):
        return SecretBytes(copying: line)
      case (_, 0x03):
        throw CairnError.interrupted
      case (_, 0x08), (_, 0x7f):
        // One character, not one byte.
        while let last = line.popLast(), last & 0xc0 == 0x80 {}
      case (_, 0x15):
        PasswordSource.wipe(&line)
        line.removeAll(keepingCapacity: true)
      default:
        guard line.count < 4096 else { throw CairnError(.usage, "the password is too long") }
        line.append(byte)
      }
    }
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }
}
