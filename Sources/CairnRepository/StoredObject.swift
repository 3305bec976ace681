package import CairnCore
package import CairnCrypto
package import CairnFormat
package import CairnObjectStore

/// Reading and writing of small objects by the name that is the hash of their bytes.
package struct ObjectVault: Sendable {
  package let store: any ObjectStore
  package let sealer: ObjectSealer

  package init(store: any ObjectStore, keys: RepositoryKeys) {
    self.store = store
    sealer = ObjectSealer(keys: keys)
  }

  /// Reads an object, checks its bytes against its name and opens it. `damaged` names the object.
  package func read(_ key: ObjectKey, kind: SealedEnvelope.Kind) throws(CairnError) -> [UInt8] {
    let bytes = try ObjectVault.readVerified(key, in: store)
    do {
      return try sealer.open(bytes, kind: kind)
    } catch {
      throw error.within(key.path)
    }
  }

  /// Seals `content` and stores it under the name of the sealed bytes.
  package func write(
    _ content: [UInt8], to folder: ObjectKind, kind: SealedEnvelope.Kind
  ) throws(CairnError) -> ObjectName {
    let bytes = try sealer.seal(content, kind: kind)
    let name = ObjectName(of: bytes)
    try store.put(ObjectKey(folder, name), bytes, mode: .keepExisting)
    return name
  }

  /// The stored bytes of an object that is named by their hash; `damaged` when they aren't those.
  package static func readVerified(
    _ key: ObjectKey, in store: any ObjectStore
  ) throws(CairnError) -> [UInt8] {
    let bytes = try store.readAll(key, byteCountMax: Limits.sealedObjectByteCountMax)
    guard key.objectName == ObjectName(of: bytes) else {
      throw CairnError.damaged("\(key.path): the content is not what was written")
    }
    return bytes
  }
}
