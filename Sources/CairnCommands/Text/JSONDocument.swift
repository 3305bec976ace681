import CairnCore
import CairnFormat

/// The one JSON document that a command prints with `--json`: keys sorted, on one line.
enum JSONDocument {
  /// Our documents are plain values, which always can be encoded.
  static func write(_ value: some Encodable) {
    do throws(CairnError) {
      StandardOutput.write(bytes: try JSONRecord.encode(value) + [UInt8(ascii: "\n")])
    } catch {
      preconditionFailure("a document that is no JSON: \(error)")
    }
  }
}
