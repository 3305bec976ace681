import CairnCore
import CairnCrypto
import CairnFormat
import CairnObjectStore
import CairnRepository
import Glibc

/// Making a repository where the user wants one.
enum NewRepository {
  /// `exists` when something else lies there.
  static func create(
    at location: StoreLocation, password: SecretBytes, options: RepositoryOptions,
    kin: RepositoryKeys? = nil
  ) throws(CairnError) -> RepositoryConfig {
    switch location {
    case .directory(let path):
      try requireRoom(path)
      let store = DirectoryStore(path: path)
      try store.create()
      return try Repository.create(in: store, password: password, options: options, kin: kin)
    }
  }

  /// Refuses a folder that holds other things, so that a slip of the finger doesn't strew objects
  /// over a home folder. What an interrupted `init` left is no hindrance.
  private static func requireRoom(_ path: String) throws(CairnError) {
    guard let stream = opendir(path) else { return }
    defer { closedir(stream) }
    let own = Set(ObjectKind.allCases.map(\.rawValue) + [".", "..", "tmp", "lost+found"])
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard own.contains(name) else {
        throw CairnError(
          .exists, "\(path) holds other things already (\(name)); name a new or empty folder")
      }
    }
  }
}
