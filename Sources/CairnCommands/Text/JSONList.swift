import CairnCore
import CairnFormat

/// A long array in a document, encoded element by element, so that only its text is held.
struct JSONList {
  private var bytes: [UInt8] = []

  mutating func append(_ element: some Encodable) throws(CairnError) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
    bytes += try JSONRecord.encode(element)
  }

  /// Writes a document of one object: this list under `name`, and then the members of `rest`, whose
  /// names must sort after it.
  func write(_ name: String, before rest: some Encodable) throws(CairnError) {
    var document = Array("{\"\(name)\":[".utf8)
    document += bytes
    document.append(UInt8(ascii: "]"))
    let members = try JSONRecord.encode(rest)
    if members.count > 2 { document.append(UInt8(ascii: ",")) }
    document += members.dropFirst()
    StandardOutput.write(bytes: document + [UInt8(ascii: "\n")])
  }
}
