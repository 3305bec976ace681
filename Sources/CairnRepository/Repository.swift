internal import CairnChunking
package import CairnCore
package import CairnCrypto
package import CairnFormat
package import CairnIndex
package import CairnObjectStore
internal import CairnSystem

/// An open repository: its store, its keys, and the local index of its chunks.
package final class Repository: Sendable {
  package let store: any ObjectStore
  package let config: RepositoryConfig
  package let keys: RepositoryKeys
  package let vault: ObjectVault
  package let index: ChunkIndex
  package let clock: any WallClock
  /// The key slot that opened it.
  package let slot: ObjectName
  /// Index segments that can't be read: chunks may seem missing that are not. `verify` reports
  /// them; whoever reads or writes tells the user.
  package let segmentDamage: [CairnError]
  /// Folder of this repository in the cache.
  package let cacheDirectory: String

  private init(
    store: any ObjectStore, config: RepositoryConfig, keys: RepositoryKeys, index: ChunkIndex,
    clock: any WallClock, slot: ObjectName, segmentDamage: [CairnError], cacheDirectory: String
  ) {
    self.store = store
    self.config = config
    self.keys = keys
    self.index = index
    self.clock = clock
    self.slot = slot
    self.segmentDamage = segmentDamage
    self.cacheDirectory = cacheDirectory
    vault = ObjectVault(store: store, keys: keys)
  }

  static let configByteCountMax = 65_536

  package var catalog: SnapshotCatalog { SnapshotCatalog(vault: vault) }
  package var ledger: Ledger { Ledger(vault: vault) }
  package var keySlots: KeySlots { KeySlots(store: store, repositoryID: config.id) }

  /// Opens an existing repository.
  ///
  /// `cacheRoot` is the folder of all caches. Throws `noRepository`, `wrongPassword`, `damaged`,
  /// `unsupported`, and what the store throws.
  package static func open(
    _ store: any ObjectStore, password: SecretBytes, cacheRoot: String,
    clock: any WallClock = SystemClock(), progress: Progress = Progress()
  ) throws(CairnError) -> Repository {
    try requireKernels()
    let (config, payload, mac) = try readConfig(store)
    let (keys, slot) = try KeySlots(store: store, repositoryID: config.id)
      .unlock(password: password)
    let expected = payload.withUnsafeBytes { HMACSHA256.authenticate($0, key: keys.config) }
    guard expected == mac else {
      throw CairnError.damaged("config: authentication failed; it was changed by somebody else")
    }
    try config.validate()
    try requireKnown(config.features.read, to: "be read")
    let cacheDirectory = "\(cacheRoot)/\(config.id)"
    progress.phase = .loadingIndex
    let index = try openIndex(in: cacheDirectory, repositoryID: config.id)
    let damage = try refresh(
      index, from: ObjectVault(store: store, keys: keys), progress: progress)
    return Repository(
      store: store, config: config, keys: keys, index: index, clock: clock, slot: slot,
      segmentDamage: damage, cacheDirectory: cacheDirectory)
  }

  /// This version knows no optional features yet: each one named is one too many.
  package static func requireKnown(
    _ features: [String], to purpose: String
  ) throws(CairnError) {
    guard let feature = features.first else { return }
    throw CairnError(
      .unsupported,
      "the repository needs the feature \(feature) to \(purpose), which this program lacks")
  }

  private static func openIndex(
    in cacheDirectory: String, repositoryID: String
  ) throws(CairnError) -> ChunkIndex {
    try DirectoryHandle.working.makeDirectories(RawPath(cacheDirectory))
    return try ChunkIndex.open(
      directory: "\(cacheDirectory)/index", repositoryID: Hex.decode(repositoryID) ?? [])
  }

  private static func readConfig(
    _ store: any ObjectStore
  ) throws(CairnError) -> (config: RepositoryConfig, payload: [UInt8], mac: Digest) {
    let bytes: [UInt8]
    do throws(CairnError) {
      bytes = try store.readAll(.config, byteCountMax: configByteCountMax)
    } catch  where error.code == .notFound {
      if try holdsParts(store) {
        throw CairnError.damaged("config is missing in \(store.location), the rest is there")
      }
      throw CairnError(
        .noRepository, "no repository at \(store.location) (cairn init makes one)")
    }
    return try RepositoryConfig.disassemble(bytes)
  }

  /// A kernel that the environment demands must be there, whether or not it will be used.
  private static func requireKernels() throws(CairnError) {
    _ = try HashKernel.selected()
    _ = try GearKernel.selected()
  }

  /// Whether there is anything of a repository in the store, or it doesn't even exist.
  private static func holdsParts(_ store: any ObjectStore) throws(CairnError) -> Bool {
    do throws(CairnError) {
      for kind in [ObjectKind.keys, .snapshots, .ledger] where try !store.list(kind).isEmpty {
        return true
      }
      return false
    } catch  where error.code == .notFound {
      return false
    }
  }

  /// Brings the local index up to what the repository's segments say. Returns what is wrong with
  /// segments that can't be read.
  @discardableResult
  package func refreshIndex(progress: Progress = Progress()) throws(CairnError) -> [CairnError] {
    try Repository.refresh(index, from: vault, progress: progress)
  }

  /// Rows of index held in memory while segments are applied.
  private static let batchRowCount = 1 << 19

  private static func refresh(
    _ index: ChunkIndex, from vault: ObjectVault, progress: Progress
  ) throws(CairnError) -> [CairnError] {
    var damage: [CairnError] = []
    let names = try vault.store.list(.index).compactMap { $0.key.objectName }
    let (toApply, toRemove) = try index.missingSegments(among: names)
    progress.itemTotal.set(toApply.count)
    var batch: [(name: ObjectName, packs: [PackRecord])] = []
    var rowCount = 0
    for name in toApply {
      let key = ObjectKey(.index, name)
      do throws(CairnError) {
        let content = try vault.read(key, kind: .segment)
        let packs = try content.withBytes { (bytes) throws(CairnError) in
          try IndexSegment.decode(bytes)
        }
        rowCount += packs.reduce(0) { $0 + $1.table.chunks.count }
        batch.append((name, packs))
      } catch  where error.code == .damaged {
        damage.append(error.message.contains(key.path) ? error : error.within(key.path))
      } catch  where error.code == .notFound {
        // A prune consolidated it away since the listing; what it held is in a newer segment.
        continue
      }
      if rowCount >= batchRowCount {
        try index.apply(batch)
        batch = []
        rowCount = 0
      }
      progress.itemCount.add(1)
    }
    if !batch.isEmpty { try index.apply(batch) }
    try index.remove(segments: toRemove)
    return damage
  }
}

/// What a new repository is made with.
package struct RepositoryOptions: Sendable {
  package var chunker = RepositoryConfig.Chunker(
    minByteCount: 16 << 10, averageByteCount: 64 << 10, maxByteCount: 256 << 10, normalization: 2)
  package var packByteCount = 32 << 20
  package var frameByteCount = 1 << 20
  package var compressionLevel = 3
  package var passwordHash = PasswordHash.standard
  package var label = ""

  package init() {}
}

extension Repository {
  /// Makes a new repository in `store`, with one key slot. `exists` when there is one already.
  /// Opening it is another call.
  package static func create(
    in store: any ObjectStore, password: SecretBytes, options: RepositoryOptions,
    kin: RepositoryKeys? = nil, clock: any WallClock = SystemClock()
  ) throws(CairnError) -> RepositoryConfig {
    guard try store.list(.config).isEmpty else {
      throw CairnError(.exists, "a repository exists already at \(store.location)")
    }
    guard try store.list(.keys).isEmpty, try store.list(.snapshots).isEmpty else {
      throw CairnError(
        .exists, "\(store.location) holds parts of a repository already, but no config")
    }
    let keys = try RepositoryKeys.generate(kin: kin)
    let config = RepositoryConfig(
      id: Hex.encode(try RandomBytes.make(16)), created: clock.now.seconds,
      chunker: options.chunker, packByteCount: options.packByteCount,
      frameByteCount: options.frameByteCount, compressionLevel: options.compressionLevel)
    try config.validate()
    let slot = try KeySlots(store: store, repositoryID: config.id).add(
      keys, password: password, hash: options.passwordHash, label: options.label, now: clock.now)
    let ledger = Ledger(vault: ObjectVault(store: store, keys: keys))
    try ledger.advance(from: try ledger.load(), addingKeys: [slot], now: clock.now)
    // The config last: only with it there is a repository.
    let payload = try config.payload()
    let mac = payload.withUnsafeBytes { HMACSHA256.authenticate($0, key: keys.config) }
    try store.put(
      .config, try RepositoryConfig.assemble(payload: payload, mac: mac), mode: .failIfExisting)
    return config
  }
}
