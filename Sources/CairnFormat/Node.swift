package import CairnCore

/// What a directory entry is.
package enum NodeType: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  case regular = 1
  case directory = 2
  case symlink = 3
  case fifo = 4
  case characterDevice = 5
  case blockDevice = 6
}

/// A chunk and the bytes it stands for: of the file itself, or, in the upper levels of a content
/// list, of all chunks below it.
package struct ContentReference: Hashable, Sendable, BitwiseCopyable {
  package var id: ChunkID
  package var byteCount: UInt64

  package init(id: ChunkID, byteCount: UInt64) {
    self.id = id
    self.byteCount = byteCount
  }
}

/// Where the bytes of a regular file are: a list of chunks, in order. Long lists are paged.
package enum FileContent: Hashable, Sendable {
  /// The chunks themselves, at most ``inlineCountMax``.
  case inline([ContentReference])
  /// The root page of a content list; `level` 0 is a page of chunks.
  case paged(level: UInt8, root: ContentReference)

  package static let inlineCountMax = 64

  /// Bytes of content: the file's size less its holes.
  package var byteCount: UInt64 {
    switch self {
    case .inline(let references): references.reduce(0) { $0 &+ $1.byteCount }
    case .paged(_, let root): root.byteCount
    }
  }
}

/// Where the entries of a directory are, and what the whole subtree amounts to.
package struct DirectoryContent: Hashable, Sendable, BitwiseCopyable {
  /// Page of entries when `level` is 0, else page of pages.
  package var root: ChunkID
  package var level: UInt8
  /// Entries below, at any depth.
  package var entryCount: UInt64
  /// Bytes of all regular files below (their sizes).
  package var byteCount: UInt64

  package init(root: ChunkID, level: UInt8, entryCount: UInt64, byteCount: UInt64) {
    self.root = root
    self.level = level
    self.entryCount = entryCount
    self.byteCount = byteCount
  }
}

/// One entry of a directory: name, metadata, and where its content is.
package struct Node: Hashable, Sendable {
  /// Raw bytes, not necessarily UTF-8; never empty, `.`, `..`, and without `/` and NUL.
  package var name: [UInt8]
  package var type: NodeType
  /// The twelve permission bits.
  package var mode: UInt16 = 0
  package var uid: UInt32 = 0
  package var gid: UInt32 = 0
  /// Owner's name where the source knew one, else empty.
  package var userName: [UInt8] = []
  package var groupName: [UInt8] = []
  package var modified = Timestamp(seconds: 0)
  package var changed = Timestamp(seconds: 0)
  /// Apparent size of a regular file, bytes.
  package var size: UInt64 = 0
  package var inode: UInt64 = 0
  package var device: UInt64 = 0
  package var linkCount: UInt64 = 1
  package var linkTarget: [UInt8] = []
  package var deviceMajor: UInt32 = 0
  package var deviceMinor: UInt32 = 0
  package var attributes: [ExtendedAttribute] = []
  /// Data runs of a sparse file, ascending; `nil` when the file has no holes.
  package var extents: [DataExtent]?
  /// Regular files.
  package var content: FileContent = .inline([])
  /// Directories.
  package var directory: DirectoryContent?
  /// Set when the file changed or shrank while it was read, so that its content is a mixture.
  package var isInconsistent = false

  package init(name: [UInt8], type: NodeType) {
    self.name = name
    self.type = type
  }

  /// Whether `name` can be an entry of a directory at all.
  package static func isValid(name: UnsafeRawBufferPointer) -> Bool {
    guard (1...Limits.nameByteCountMax).contains(name.count) else { return false }
    if name[0] == UInt8(ascii: ".") {
      if name.count == 1 || (name.count == 2 && name[1] == UInt8(ascii: ".")) { return false }
    }
    for byte in name where byte == 0 || byte == UInt8(ascii: "/") { return false }
    return true
  }
}
