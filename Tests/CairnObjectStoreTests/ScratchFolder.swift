import CairnObjectStore
import Glibc

/// A folder of its own for one test, removed with everything in it when the test is over.
final class ScratchFolder {
  let path: String

  init() {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/cairn-store-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "no temporary folder to be had")
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  deinit {
    Self.remove(path)
  }

  /// A new store in the folder.
  func makeStore(usesDirectIO: Bool = true, now: Int64? = nil) throws -> DirectoryStore {
    let store = openStore(usesDirectIO: usesDirectIO, now: now)
    try store.create()
    return store
  }

  /// The store in the folder, as another process would open it.
  func openStore(usesDirectIO: Bool = true, now: Int64? = nil) -> DirectoryStore {
    if let now {
      return DirectoryStore(path: path + "/store", usesDirectIO: usesDirectIO, now: { now })
    }
    return DirectoryStore(path: path + "/store", usesDirectIO: usesDirectIO)
  }

  /// Names of a folder below the store, sorted.
  func names(in folder: String) -> [String] {
    Self.names(in: "\(path)/store/\(folder)").sorted()
  }

  func writeFile(_ name: String, _ text: String) {
    guard let file = fopen("\(path)/store/\(name)", "w") else {
      preconditionFailure("can't write \(name)")
    }
    fputs(text, file)
    fclose(file)
  }

  private static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let offset = MemoryLayout<dirent>.offset(of: \.d_name)!
      let bytes = UnsafeRawPointer(entry).advanced(by: offset)
      let name = String(cString: bytes.assumingMemoryBound(to: CChar.self))
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func remove(_ path: String) {
    for name in names(in: path) { remove("\(path)/\(name)") }
    if unlink(path) != 0 { rmdir(path) }
  }
}
