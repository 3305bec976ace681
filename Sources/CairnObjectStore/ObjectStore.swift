package import CairnCore

/// Flat key → bytes storage. This is all that a repository asks of the place it lies in, and the
/// conformance suite holds every store to it:
///
/// - An object appears whole or not at all, under its key, once `put` or `commit` has returned,
///   and is then durable: it survives a crash of this machine.
/// - What was put can be read, sized and listed at once, by this and every other process.
/// - Putting the same bytes under the same key twice is no error.
/// - Deleting what is not there is no error.
/// - Calls block, may come from any thread and run concurrently. They never run on Swift's
///   cooperative pool.
///
/// Errors: `notFound`, `exists`, `outOfSpace`, `denied`, and `failed` for everything else; each
/// message names the key and the location.
package protocol ObjectStore: Sendable {
  /// The place for people, without credentials.
  var location: String { get }

  /// Fills `buffer` with the bytes from `offset` on; an object that ends earlier is `damaged`.
  func read(_ key: ObjectKey, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer)
    throws(CairnError)

  /// The whole object; one larger than `byteCountMax` is `damaged`.
  func readAll(_ key: ObjectKey, byteCountMax: Int) throws(CairnError) -> [UInt8]

  /// Stored length; `notFound` when there is no such object.
  func byteCount(of key: ObjectKey) throws(CairnError) -> UInt64

  /// Stores a small object whole, atomically.
  func put(_ key: ObjectKey, _ bytes: [UInt8], mode: PutMode) throws(CairnError)

  /// Begins an object whose key is known only when all of it is written (packs).
  func beginUpload() throws(CairnError) -> any ObjectUpload

  /// Calls `body` for each object of a kind, in no particular order, with its stored length.
  /// Leftovers of interrupted uploads and foreign files are not objects.
  func list(_ kind: ObjectKind, _ body: (ObjectKey, UInt64) throws(CairnError) -> Void)
    throws(CairnError)

  func delete(_ key: ObjectKey) throws(CairnError)

  /// Removes what interrupted uploads left behind, when it is older than `age` seconds.
  /// Returns the bytes freed.
  func removeLeftovers(olderThan age: Int64) throws(CairnError) -> UInt64
}

package enum PutMode: Sendable {
  /// An existing object stays as it is: keys that are the hash of their content.
  case keepExisting
  /// An existing object is replaced in one step: leases, the config.
  case replace
  /// An existing object is an `exists` error: the config at `init`.
  case failIfExisting
}

/// An object in the making. Writes may come from several threads at once and in any order; each
/// byte from 0 to the final count is written once. For speed give 4,096-byte aligned memory,
/// offsets and counts (a local store then writes past the page cache); anything else works too.
/// The last piece may be padded to that alignment: `commit` cuts off what lies past its count.
///
/// After a failed write the upload is of no more use; a full disk has its space back at once.
package protocol ObjectUpload: AnyObject, Sendable {
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(CairnError)

  /// Makes the object durable and visible under `key`, in the place of an existing one: they are
  /// named after their content, so that replacing heals a damaged object and changes no other.
  /// All writes must have returned, and nothing may be written after. To commit fewer bytes than
  /// `byteCount` is a mistake of the programmer. When it throws, the upload has ended.
  func commit(as key: ObjectKey, byteCount: UInt64) throws(CairnError)

  /// Gives up; what was written is removed. No effect after `commit`. Also what happens when the last reference goes.
  func abort()
}

extension ObjectStore {
  /// All keys of a kind with their stored lengths, sorted by key.
  package func list(_ kind: ObjectKind) throws(CairnError) -> [(key: ObjectKey, byteCount: UInt64)]
  {
    var found: [(key: ObjectKey, byteCount: UInt64)] = []
    try list(kind) { (key, byteCount) throws(CairnError) in found.append((key, byteCount)) }
    return found.sorted { $0.key < $1.key }
  }
}
