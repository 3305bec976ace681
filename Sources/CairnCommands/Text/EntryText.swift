import CairnCore
import CairnFormat
import CairnSystem

/// An entry of a snapshot, told to people or programs.
struct EntryDocument: Encodable {
  var path: ByteText
  var type: String
  /// The permission bits, octal.
  var mode: String
  var uid: UInt32
  var gid: UInt32
  var user: ByteText
  var group: ByteText
  var size: UInt64
  var modified: String
  var linkTarget: ByteText?

  init(_ path: [UInt8], _ node: Node) {
    self.path = ByteText(path)
    type = node.type.name
    mode = String(node.mode, radix: 8)
    uid = node.uid
    gid = node.gid
    user = ByteText(node.userName)
    group = ByteText(node.groupName)
    size = EntryText.size(node)
    modified = TimeText.universal(node.modified)
    linkTarget = node.type == .symlink ? ByteText(node.linkTarget) : nil
  }
}

/// Lines of listings.
enum EntryText {
  /// The bytes of a path for standard output: as they are, so that other programs get the true
  /// name, but harmless on a terminal.
  static func pathBytes(_ path: [UInt8]) -> [UInt8] {
    StandardOutput.isTerminal ? Array(RawPath(path).displayText.utf8) : path
  }

  /// `-rw-r--r-- user group size time` with a space at the end, for the path to follow.
  static func longPrefix(_ node: Node) -> String {
    let owner = name(node.userName, node.uid)
    let group = name(node.groupName, node.gid)
    let size = SizeText.text(size(node))
    return modeText(node) + " " + padded(owner, 8) + " " + padded(group, 8) + " "
      + String(repeating: " ", count: max(0, 8 - size.count)) + size + "  "
      + TimeText.local(node.modified) + "  "
  }

  /// Of a folder, what all files below amount to.
  static func size(_ node: Node) -> UInt64 { node.directory?.byteCount ?? node.size }

  /// As `ls -l` writes it.
  static func modeText(_ node: Node) -> String {
    var text = node.type.letter
    for shift in [6, 3, 0] as [UInt16] {
      let bits = node.mode >> shift
      text += bits & 4 != 0 ? "r" : "-"
      text += bits & 2 != 0 ? "w" : "-"
      let special = shift == 6 ? 0o4000 : shift == 3 ? 0o2000 : 0o1000
      if node.mode & UInt16(special) != 0 {
        let letter = shift == 0 ? "t" : "s"
        text += bits & 1 != 0 ? letter : letter.uppercased()
      } else {
        text += bits & 1 != 0 ? "x" : "-"
      }
    }
    return text
  }

  private static func name(_ name: [UInt8], _ number: UInt32) -> String {
    name.isEmpty ? "\(number)" : RawPath(name).displayText
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

extension NodeType {
  /// The word that programs get.
  var name: String {
    switch self {
    case .regular: "file"
    case .directory: "directory"
    case .symlink: "symlink"
    case .fifo: "fifo"
    case .characterDevice: "character device"
    case .blockDevice: "block device"
    }
  }

  /// The first letter of `ls -l`.
  var letter: String {
    switch self {
    case .regular: "-"
    case .directory: "d"
    case .symlink: "l"
    case .fifo: "p"
    case .characterDevice: "c"
    case .blockDevice: "b"
    }
  }
}
