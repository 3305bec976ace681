package import CairnCore
package import CairnCrypto
package import CairnFormat
package import CairnObjectStore

/// The key slots of a repository: each holds the master key, wrapped by one password.
package struct KeySlots: Sendable {
  package struct Slot: Sendable {
    package let name: ObjectName
    package let record: KeySlotRecord
  }

  static let slotByteCountMax = 65_536

  package let store: any ObjectStore
  package let repositoryID: String

  package init(store: any ObjectStore, repositoryID: String) {
    self.store = store
    self.repositoryID = repositoryID
  }

  /// Wraps `keys` with `password` in a new slot and stores it.
  package func add(
    _ keys: RepositoryKeys, password: SecretBytes, hash: PasswordHash, label: String,
    now: Timestamp
  ) throws(CairnError) -> ObjectName {
    let salt = Digest(try RandomBytes.make(32))!
    let wrappingKey = try hash.key(password: password, salt: salt.bytes)
    let context = SealingContext.forSealing(kindKey: wrappingKey, freshSalt: salt)
    var record = KeySlotRecord(
      repository: repositoryID, iterations: hash.iterations, memoryKiB: hash.memoryKiB,
      parallelism: hash.parallelism, salt: salt, commitment: context.commitment,
      created: now.seconds, label: label, wrapped: "")
    let additionalData = try record.additionalData()
    let secret = SecretBytes(count: 64) { secret in
      keys.master.withUnsafeBytes { secret.copyMemory(from: $0) }
      keys.dedup.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: secret[32...]).copyMemory(from: $0)
      }
    }
    let wrapped = [UInt8](unsafeUninitializedCapacity: 64 + SealingContext.tagByteCount) {
      output, count in
      secret.withUnsafeBytes { secret in
        additionalData.withUnsafeBytes {
          context.seal(
            secret.baseAddress!, count: 64, to: UnsafeMutableRawPointer(output.baseAddress!),
            ordinal: 0, additionalData: $0)
        }
      }
      count = 64 + SealingContext.tagByteCount
    }
    record.wrapped = Hex.encode(wrapped)
    let bytes = try JSONRecord.encode(record)
    let name = ObjectName(of: bytes)
    try store.put(ObjectKey(.keys, name), bytes, mode: .keepExisting)
    return name
  }

  /// All slots that can be read, and what is wrong with the others.
  package func load() throws(CairnError) -> (slots: [Slot], damage: [CairnError]) {
    var slots: [Slot] = []
    var damage: [CairnError] = []
    for (key, _) in try store.list(.keys) {
      do {
        slots.append(try load(key))
      } catch  where error.code == .damaged || error.code == .unsupported {
        // One slot of a newer program must not keep the others from opening.
        damage.append(error)
      }
    }
    return (slots, damage)
  }

  private func load(_ key: ObjectKey) throws(CairnError) -> Slot {
    let bytes = try store.readAll(key, byteCountMax: KeySlots.slotByteCountMax)
    guard let name = key.objectName, name == ObjectName(of: bytes) else {
      throw CairnError.damaged("\(key.path): the content is not what was written")
    }
    let record = try JSONRecord.decode(KeySlotRecord.self, from: bytes, what: key.path)
    guard record.version == 1, record.kdf == "argon2id" else {
      throw CairnError(.unsupported, "\(key.path) is of a kind this program doesn't know")
    }
    guard record.repository == repositoryID else {
      throw CairnError.damaged("\(key.path) belongs to another repository")
    }
    return Slot(name: name, record: record)
  }

  /// Tries `password` on each slot. `wrongPassword` when none opens, `damaged` when a slot that
  /// might have opened can't be read.
  package func unlock(
    password: SecretBytes
  ) throws(CairnError) -> (keys: RepositoryKeys, slot: ObjectName) {
    let (slots, damage) = try load()
    for slot in slots {
      if let keys = try unlock(slot, password: password) { return (keys, slot.name) }
    }
    if let first = damage.first { throw first }
    guard !slots.isEmpty else {
      throw CairnError.damaged("keys: the repository has no key slot left")
    }
    throw CairnError(.wrongPassword, "wrong password: no key slot of the repository opens with it")
  }

  private func unlock(_ slot: Slot, password: SecretBytes) throws(CairnError) -> RepositoryKeys? {
    let record = slot.record
    let path = ObjectKey(.keys, slot.name).path
    let hash = PasswordHash(
      iterations: record.iterations, memoryKiB: record.memoryKiB, parallelism: record.parallelism)
    let wrappingKey = try hash.key(password: password, salt: record.salt.bytes)
    let context = SealingContext.forOpening(kindKey: wrappingKey, salt: record.salt)
    guard context.commitment == record.commitment else { return nil }
    guard let wrapped = Hex.decode(record.wrapped),
      wrapped.count == 64 + SealingContext.tagByteCount
    else { throw CairnError.damaged("\(path): the wrapped key is malformed") }
    let additionalData = try record.additionalData()
    let secret = try SecretBytes(count: 64) { (output) throws(CairnError) in
      let isAuthentic = wrapped.withUnsafeBytes { wrapped in
        additionalData.withUnsafeBytes {
          context.open(
            wrapped.baseAddress!, count: 64, to: output.baseAddress!, ordinal: 0,
            additionalData: $0)
        }
      }
      guard isAuthentic else { throw CairnError.damaged("\(path): authentication failed") }
    }
    return secret.withUnsafeBytes {
      RepositoryKeys(
        master: SecretBytes(copying: $0[..<32]), dedup: SecretBytes(copying: $0[32...]))
    }
  }
}
