package import CairnCore
internal import FoundationEssentials

/// Encoding of the small structures that are JSON: sorted keys, no escaped slashes, so that one
/// value has one spelling.
package enum JSONRecord {
  package static func encode(_ value: some Encodable, pretty: Bool = false) throws(CairnError)
    -> [UInt8]
  {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    do {
      return [UInt8](try encoder.encode(value))
    } catch {
      throw CairnError(.failed, "cannot encode \(type(of: value)): \(error)")
    }
  }

  /// Anything that isn't the JSON of a `Value` is `damaged`; `what` names it for people.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], what: String
  ) throws(CairnError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw CairnError.damaged("\(what) is not what it should be (malformed JSON)")
    }
  }
}

extension Digest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let digest = Digest(hex: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not 64 hexadecimal digits")
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}

extension ObjectName: Codable {
  package init(from decoder: any Decoder) throws { self.init(try Digest(from: decoder)) }
  package func encode(to encoder: any Encoder) throws { try digest.encode(to: encoder) }
}

extension ChunkID: Codable {
  package init(from decoder: any Decoder) throws { self.init(try Digest(from: decoder)) }
  package func encode(to encoder: any Encoder) throws { try digest.encode(to: encoder) }
}

/// A byte string that is usually text: a JSON string when it is UTF-8, else `{"hex": "…"}`.
package struct ByteText: Hashable, Sendable, Codable {
  package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  private enum CodingKeys: String, CodingKey { case hex }

  package init(from decoder: any Decoder) throws {
    do {
      bytes = Array(try decoder.singleValueContainer().decode(String.self).utf8)
      return
    } catch DecodingError.typeMismatch {
      bytes = []  // not a string, so it must be the other form
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard let decoded = Hex.decode(try container.decode(String.self, forKey: .hex)) else {
      throw DecodingError.dataCorruptedError(
        forKey: .hex, in: container, debugDescription: "not hexadecimal")
    }
    bytes = decoded
  }

  package func encode(to encoder: any Encoder) throws {
    if let text = String(validating: bytes, as: UTF8.self) {
      var container = encoder.singleValueContainer()
      try container.encode(text)
    } else {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(Hex.encode(bytes), forKey: .hex)
    }
  }
}
