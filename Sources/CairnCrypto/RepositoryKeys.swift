package import CairnCore

/// The keys of one repository, all derived from its master key and from the two secrets that kin
/// repositories share.
package struct RepositoryKeys: Sendable {
  /// What a sealed object is; each kind has a key of its own.
  package enum SealedKind: String, Sendable, CaseIterable {
    case dataPack = "data pack"
    case treePack = "tree pack"
    case segment = "index segment"
    case snapshot
    case ledger
    case lease
    case condemned
    case parity
  }

  /// 32 random bytes; wraps nothing itself, everything sealed follows from it.
  package let master: SecretBytes
  /// 32 bytes; the chunk-id keys and the chunker's tables follow from it. Kin share it.
  package let dedup: SecretBytes

  private let chunkIDKeys: [ChunkKind: SecretBytes]
  private let sealingKeys: [SealedKind: SecretBytes]
  /// Authenticates the config.
  package let config: SecretBytes
  /// 128 bytes: the tables P and Q of the gear hash.
  package let chunkerSecret: SecretBytes

  package init(master: SecretBytes, dedup: SecretBytes) {
    self.master = master
    self.dedup = dedup
    chunkIDKeys = [
      .data: HKDF.derive(from: dedup, salt: [], info: "cairn chunk id data v1", count: 32),
      .tree: HKDF.derive(from: dedup, salt: [], info: "cairn chunk id tree v1", count: 32),
    ]
    chunkerSecret = HKDF.derive(from: dedup, salt: [], info: "cairn chunker v1", count: 128)
    var sealing: [SealedKind: SecretBytes] = [:]
    for kind in SealedKind.allCases {
      sealing[kind] = HKDF.derive(
        from: master, salt: [], info: "cairn seal \(kind.rawValue) v1", count: 32)
    }
    sealingKeys = sealing
    config = HKDF.derive(from: master, salt: [], info: "cairn config v1", count: 32)
  }

  /// New keys for a new repository; with `kin`, one that shares that repository's chunk ids.
  package static func generate(kin: RepositoryKeys? = nil) throws(CairnError) -> RepositoryKeys {
    let master = try SecretBytes.random()
    if let kin { return RepositoryKeys(master: master, dedup: kin.dedup) }
    return RepositoryKeys(master: master, dedup: try SecretBytes.random())
  }

  package func chunkIDKey(_ kind: ChunkKind) -> SecretBytes {
    chunkIDKeys[kind]!
  }

  package func sealingKey(_ kind: SealedKind) -> SecretBytes {
    sealingKeys[kind]!
  }
}

extension RepositoryKeys.SealedKind {
  package init(pack kind: ChunkKind) {
    self = kind == .data ? .dataPack : .treePack
  }
}
