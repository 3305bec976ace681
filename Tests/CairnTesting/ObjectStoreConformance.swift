internal import CairnCore
package import CairnObjectStore
internal import Glibc

/// What every object store must do, as a list of checks; see the promises of ``ObjectStore``.
///
/// A test target runs each of them against a new, empty store:
///
///     @Test(arguments: ObjectStoreConformance.checks)
///     func `a memory store conforms`(check: ObjectStoreConformance) throws {
///       try check.run(MemoryStore())
///     }
package struct ObjectStoreConformance: Sendable, CustomStringConvertible {
  /// What the store does, as a sentence.
  package let description: String
  private let body: @Sendable (any ObjectStore) throws -> Void

  init(_ description: String, _ body: @escaping @Sendable (any ObjectStore) throws -> Void) {
    self.description = description
    self.body = body
  }

  /// Runs the check on an empty store. Throws what went wrong, ``Breach`` when the store did
  /// something else than it promised.
  package func run(_ store: any ObjectStore) throws {
    try body(store)
  }

  /// All checks, in the order of the contract.
  package static let checks = reading + putting + listing + uploading

  /// A promise of the contract that the store didn't keep.
  package struct Breach: Error, CustomStringConvertible {
    package let description: String
  }
}

/// Throws a ``ObjectStoreConformance/Breach`` unless `condition` holds.
func require(_ condition: Bool, _ promise: @autoclosure () -> String) throws {
  if !condition { throw ObjectStoreConformance.Breach(description: promise()) }
}

/// Throws unless `body` throws an error of this code.
func requireFailure(
  _ code: CairnError.Code, _ promise: String, _ body: () throws(CairnError) -> Void
) throws {
  do throws(CairnError) {
    try body()
  } catch {
    return try require(error.code == code, "\(promise): \(error.code) instead (\(error))")
  }
  throw ObjectStoreConformance.Breach(description: "\(promise): no error instead")
}

/// A key of a kind, different for each `number`.
package func sampleKey(_ kind: ObjectKind, _ number: UInt8) -> ObjectKey {
  if kind == .config { return .config }
  let digits = Hex.encode([number, 0x17, 0xc4, number ^ 0x5a])
  return ObjectKey(kind, hex: String(repeating: digits, count: 8))!
}

/// Bytes that tell positions and `seed`s apart.
package func samplePattern(_ byteCount: Int, seed: UInt8 = 1) -> [UInt8] {
  // Words, since unoptimised test code takes seconds for tens of megabytes of bytes.
  [UInt8](unsafeUninitializedCapacity: byteCount + 7) { buffer, count in
    let memory = UnsafeMutableRawPointer(buffer.baseAddress!)
    var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
    var offset = 0
    while offset < byteCount {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      memory.storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    count = byteCount
  }
}

/// Compares as memory, which unoptimised code does a thousand times faster than as arrays.
func areSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
  a.count == b.count
    && a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 }
    }
}
