/// The calls of the store contract, for whatever counts them or makes them fail.
package enum StoreOperation: String, Sendable, CaseIterable {
  case read
  case readAll
  case byteCount
  case put
  case beginUpload
  /// A piece of an upload; its key isn't known yet.
  case write
  case commit
  case list
  case delete
  case removeLeftovers

  /// Whether it changes what is stored, so that a crash before it differs from one after it.
  package var mutates: Bool {
    switch self {
    case .put, .beginUpload, .write, .commit, .delete, .removeLeftovers: true
    case .read, .readAll, .byteCount, .list: false
    }
  }
}
