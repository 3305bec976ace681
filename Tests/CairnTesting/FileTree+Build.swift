package import CairnCore
package import CairnSystem

extension FileTree {
  /// Makes the tree as the new directory `path`. Returns, one line each, what this file system or
  /// user can't do and was left out; print it, so that a test that checks less says so.
  @discardableResult
  package func build(at path: RawPath) throws(CairnError) -> [String] {
    var builder = Builder(root: path)
    try DirectoryHandle.working.makeDirectory(path, mode: 0o755)
    try builder.make(entries, in: path)
    return builder.skipped
  }

  /// Removes `path` and what lies in it, whatever the modes of its directories.
  package static func remove(_ path: RawPath) throws(CairnError) {
    let place = DirectoryHandle.working
    guard let status = try place.statusIfPresent(of: path) else { return }
    guard status.type == .directory else { return try place.removeFile(path) }
    if status.mode & 0o700 != 0o700 { try place.setMode(of: path, 0o700) }
    let listing = DirectoryListing()
    try listing.fill(from: place.openDirectory(path))
    for name in listing.entries.map({ RawPath(listing.name(of: $0)) }) {
      try remove(path.appending(name))
    }
    try place.removeDirectory(path)
  }

  private struct Builder {
    let root: RawPath
    var skipped: [String] = []
    private var place: DirectoryHandle { .working }

    mutating func make(_ entries: [Entry], in parent: RawPath) throws(CairnError) {
      for entry in entries {
        let path = parent.appending(entry.name)
        guard try makeContent(entry, at: path) else { continue }
        if case .hardLink = entry.kind { continue }
        try setMetadata(entry, at: path)
      }
    }

    /// `false` when the entry could not be made here.
    private mutating func makeContent(_ entry: Entry, at path: RawPath) throws(CairnError)
      -> Bool
    {
      let place = place
      switch entry.kind {
      case .file(let bytes):
        let file = try place.open(path, [.write, .createNew], mode: 0o644)
        try file.write(bytes, at: 0)
      case .sparse(let size, let data):
        let file = try place.open(path, [.write, .createNew], mode: 0o644)
        try file.truncate(to: size)
        for run in data { try file.write(run.bytes, at: run.offset) }
      case .directory(let children):
        try place.makeDirectory(path, mode: 0o755)
        try make(children, in: path)
      case .symlink(let target):
        try place.makeSymlink(path, target: target)
      case .hardLink(let target):
        try place.makeHardLink(path, to: root.appending(target))
      case .fifo:
        try place.makeNode(path, type: .fifo)
      case .socket:
        try place.makeNode(path, type: .socket)
      case .characterDevice(let major, let minor):
        return try attempt("device", path) { () throws(CairnError) in
          try place.makeNode(path, type: .characterDevice, major: major, minor: minor)
        }
      case .blockDevice(let major, let minor):
        return try attempt("device", path) { () throws(CairnError) in
          try place.makeNode(path, type: .blockDevice, major: major, minor: minor)
        }
      }
      return true
    }

    /// Owner before mode, because changing the owner clears set-user-id bits; time last.
    private mutating func setMetadata(_ entry: Entry, at path: RawPath) throws(CairnError) {
      let place = place
      if let owner = entry.owner {
        _ = try attempt("owner", path) { () throws(CairnError) in
          try place.setOwner(of: path, uid: owner.uid, gid: owner.gid)
        }
      }
      for attribute in entry.attributes {
        let name = String(decoding: attribute.name, as: UTF8.self)
        _ = try attempt("attribute \(name)", path) { () throws(CairnError) in
          try place.setExtendedAttribute(of: path, attribute)
        }
      }
      if let mode = entry.mode { try place.setMode(of: path, mode) }
      if let mtime = entry.mtime { try place.setModificationTime(of: path, mtime) }
    }

    private mutating func attempt(
      _ what: String, _ path: RawPath, _ body: () throws(CairnError) -> Void
    ) throws(CairnError) -> Bool {
      do throws(CairnError) {
        try body()
        return true
      } catch  where error.code == .denied || Errno.meansUnsupported(error.errno ?? 0) {
        skipped.append("\(what) of \(path): \(error)")
        return false
      }
    }
  }
}
