internal import CairnCore
internal import CairnFormat
internal import CairnSystem

/// Makes nodes from what the file system says. For any number of threads.
struct NodeFactory: Sendable {
  private let names = OwnerNames()

  /// A node with everything but attributes and content.
  func make(name: [UInt8], _ status: FileStatus) -> Node? {
    guard let type = NodeType(status.type) else { return nil }
    var node = Node(name: name, type: type)
    node.mode = status.mode
    node.uid = status.uid
    node.gid = status.gid
    node.userName = names.userName(status.uid) ?? []
    node.groupName = names.groupName(status.gid) ?? []
    node.modified = status.mtime
    node.changed = status.ctime
    node.size = type == .regular ? status.size : 0
    node.inode = status.inode
    node.device = status.device
    node.linkCount = UInt64(status.linkCount)
    if type == .characterDevice || type == .blockDevice {
      node.deviceMajor = status.targetMajor
      node.deviceMinor = status.targetMinor
    }
    return node
  }

  /// The node of an open file, with its extended attributes.
  func make(
    name: [UInt8], _ status: FileStatus, descriptor: borrowing FileDescriptor
  ) throws(CairnError) -> Node {
    guard var node = make(name: name, status) else {
      throw CairnError(.failed, "is no longer a regular file")
    }
    node.attributes = try NodeFactory.bounded(try descriptor.extendedAttributes())
    return node
  }

  /// A tree page holds every entry whole, so its attributes have a limit (that of Linux is lower
  /// on all common file systems).
  static func bounded(
    _ attributes: [ExtendedAttribute]
  ) throws(CairnError) -> [ExtendedAttribute] {
    guard attributes.reduce(0, { $0 + $1.value.count + $1.name.count }) <= 8 << 20 else {
      throw CairnError(.failed, "has more than 8 MiB of extended attributes")
    }
    return attributes
  }
}

extension NodeType {
  /// `nil` for what can't be kept: sockets.
  init?(_ type: FileType) {
    switch type {
    case .regular: self = .regular
    case .directory: self = .directory
    case .symlink: self = .symlink
    case .fifo: self = .fifo
    case .characterDevice: self = .characterDevice
    case .blockDevice: self = .blockDevice
    case .socket, .unknown: return nil
    }
  }
}

extension FileStatus {
  /// Whether nothing shows that content or metadata changed between the two.
  func describesSameContent(as other: FileStatus) -> Bool {
    size == other.size && mtime == other.mtime && ctime == other.ctime && inode == other.inode
      && type == other.type
  }
}

extension CairnError {
  /// What the system said, without the path that the report names anyway.
  var reason: String {
    guard let errno, let end = message.lastIndex(of: ":"), errno != 0 else { return message }
    return message[message.index(after: end)...].trimmingLeadingSpace()
  }
}

extension Substring {
  fileprivate func trimmingLeadingSpace() -> String {
    String(drop { $0 == " " })
  }
}
