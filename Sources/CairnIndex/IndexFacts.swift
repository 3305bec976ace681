internal import CairnCore

/// What the index knows of itself: the version of its tables, whose index it is, and the next
/// pack number.
enum IndexFacts {
  /// Raised with every change of the tables; an index of another version is made anew.
  static let schemaVersion: UInt32 = 1

  private static let schemaKey: StaticString = "schema"
  private static let repositoryKey: StaticString = "repository"
  private static let nextPackKey: StaticString = "nextPack"

  static func create(repositoryID: [UInt8], in transaction: IndexTransaction) throws(CairnError) {
    try put(schemaKey, bytes(of: schemaVersion), transaction)
    try put(repositoryKey, repositoryID, transaction)
    try setNextPackNumber(1, in: transaction)
  }

  static func check(repositoryID: [UInt8], in transaction: IndexTransaction) throws(CairnError) {
    guard try get(schemaKey, transaction) == bytes(of: schemaVersion) else {
      throw IndexDamage.error("its tables are of another version")
    }
    guard try get(repositoryKey, transaction) == repositoryID else {
      throw IndexDamage.error("it belongs to another repository")
    }
    _ = try nextPackNumber(in: transaction)
  }

  static func nextPackNumber(in transaction: IndexTransaction) throws(CairnError) -> PackNumber {
    guard let stored = try get(nextPackKey, transaction), stored.count == 4 else {
      throw IndexDamage.error("it does not know its next pack number")
    }
    let number = stored.withUnsafeBytes { UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)) }
    guard number > 0 else { throw IndexDamage.error("its next pack number is 0") }
    return number
  }

  static func setNextPackNumber(_ number: PackNumber, in transaction: IndexTransaction)
    throws(CairnError)
  {
    try put(nextPackKey, bytes(of: number), transaction)
  }

  private static func bytes(of value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
  }

  private static func put(_ key: StaticString, _ value: [UInt8], _ transaction: IndexTransaction)
    throws(CairnError)
  {
    let key = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    try transaction.put(key, value, in: transaction.tables.facts)
  }

  private static func get(_ key: StaticString, _ transaction: IndexTransaction)
    throws(CairnError) -> [UInt8]?
  {
    let key = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    return try transaction.get(key, in: transaction.tables.facts).map { [UInt8]($0) }
  }
}
