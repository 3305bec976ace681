package import CairnCore

/// What every user of a repository must know before touching it. Stored as two lines: the JSON of
/// this structure, and `{"mac":"…"}` with its HMAC-SHA-256 under the config key, so that it is
/// readable without a password and authentic with one.
package struct RepositoryConfig: Hashable, Sendable, Codable {
  package static let currentVersion = 1

  /// Format version.
  package var version: Int
  /// 32 hexadecimal digits, drawn at `init`.
  package var id: String
  /// Unix seconds.
  package var created: Int64
  package var chunker: Chunker
  /// A pack is closed when it reaches this length, bytes.
  package var packByteCount: Int
  /// A frame is closed when its raw bytes reach this length.
  package var frameByteCount: Int
  /// zstd level of data frames.
  package var compressionLevel: Int
  package var features: Features

  package struct Chunker: Hashable, Sendable, Codable {
    package var minByteCount: Int
    package var averageByteCount: Int
    package var maxByteCount: Int
    package var normalization: Int

    package init(minByteCount: Int, averageByteCount: Int, maxByteCount: Int, normalization: Int) {
      self.minByteCount = minByteCount
      self.averageByteCount = averageByteCount
      self.maxByteCount = maxByteCount
      self.normalization = normalization
    }
  }

  /// Names of format features by what a program must understand them for. A program that meets
  /// an unknown name may still do what the other classes allow.
  package struct Features: Hashable, Sendable, Codable {
    package var read: [String]
    package var write: [String]
    package var prune: [String]

    package init(read: [String] = [], write: [String] = [], prune: [String] = []) {
      self.read = read
      self.write = write
      self.prune = prune
    }
  }

  package init(
    id: String, created: Int64, chunker: Chunker, packByteCount: Int, frameByteCount: Int,
    compressionLevel: Int
  ) {
    version = RepositoryConfig.currentVersion
    self.id = id
    self.created = created
    self.chunker = chunker
    self.packByteCount = packByteCount
    self.frameByteCount = frameByteCount
    self.compressionLevel = compressionLevel
    features = Features()
  }

  private struct Authentication: Codable { var mac: Digest }

  /// The JSON line that is authenticated.
  package func payload() throws(CairnError) -> [UInt8] {
    try JSONRecord.encode(self)
  }

  /// The stored bytes, given the MAC of `payload`.
  package static func assemble(payload: [UInt8], mac: Digest) throws(CairnError) -> [UInt8] {
    let line = try JSONRecord.encode(Authentication(mac: mac))
    return payload + [UInt8(ascii: "\n")] + line + [UInt8(ascii: "\n")]
  }

  /// Takes the stored bytes apart. The config is not to be believed in until the MAC of `payload`
  /// was checked; until then it tells only the repository id and version.
  package static func disassemble(
    _ bytes: [UInt8]
  ) throws(CairnError) -> (config: RepositoryConfig, payload: [UInt8], mac: Digest) {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      throw CairnError.damaged("config is not what it should be (second line missing)")
    }
    let payload = [UInt8](bytes[..<end])
    let line = [UInt8](bytes[(end + 1)...])
    let mac = try JSONRecord.decode(Authentication.self, from: line, what: "config").mac
    guard try assemble(payload: payload, mac: mac) == bytes else {
      throw CairnError.damaged("config is not what it should be (malformed second line)")
    }
    let config = try JSONRecord.decode(RepositoryConfig.self, from: payload, what: "config")
    guard config.version == currentVersion else {
      throw CairnError(
        .unsupported,
        "the repository has format version \(config.version); this program knows version"
          + " \(currentVersion)")
    }
    guard config.id.utf8.count == 32, Hex.decode(config.id) != nil else {
      throw CairnError.damaged("config names an impossible repository id")
    }
    return (config, payload, mac)
  }

  /// Refuses parameters outside what the format allows. Call after the MAC was checked.
  package func validate() throws(CairnError) {
    guard (1 << 16...Limits.packByteCountMax / 2).contains(packByteCount),
      (1 << 12...Limits.frameRawByteCountMax / 2).contains(frameByteCount),
      (-7...22).contains(compressionLevel),
      (64...Limits.chunkByteCountMax).contains(chunker.maxByteCount)
    else { throw CairnError.damaged("config holds impossible parameters") }
  }
}
