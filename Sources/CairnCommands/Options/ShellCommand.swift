import CairnCore
import Glibc

/// A command of the user's, run by the shell.
enum ShellCommand {
  /// What it prints, at most ``PasswordSource/byteCountMax`` bytes. `failed` when it ends with
  /// another status than 0. Its standard error is ours.
  static func output(of command: String) throws(CairnError) -> [UInt8] {
    guard let stream = popen(command, "re") else {
      throw CairnError(.failed, "cannot run the password command")
    }
    var bytes = [UInt8](repeating: 0, count: PasswordSource.byteCountMax)
    let count = fread(&bytes, 1, bytes.count, stream)
    bytes.removeLast(bytes.count - count)
    let status = pclose(stream)
    guard status == 0 else {
      PasswordSource.wipe(&bytes)
      let ending =
        status & 0x7f == 0
        ? "ended with status \((status >> 8) & 0xff)" : "was killed by signal \(status & 0x7f)"
      throw CairnError(.failed, "the password command \(ending)")
    }
    return bytes
  }
}
