internal import CCairnSystem
internal import Glibc
internal import Synchronization

/// User and group names of this machine, each looked up once. For any number of threads.
///
/// A look-up that fails (a directory service is away) counts as "no name": names are a service to
/// people, numbers are what gets restored.
package final class OwnerNames: Sendable {
  private struct Cache {
    var users: [UInt32: [UInt8]?] = [:]
    var groups: [UInt32: [UInt8]?] = [:]
    var userIDs: [[UInt8]: UInt32?] = [:]
    var groupIDs: [[UInt8]: UInt32?] = [:]
  }

  private let cache = Mutex(Cache())

  package init() {}

  /// `nil` when the number has no name.
  package func userName(_ uid: UInt32) -> [UInt8]? {
    cached(\.users, uid) { name(uid, cairn_user_name) }
  }

  /// `nil` when the number has no name.
  package func groupName(_ gid: UInt32) -> [UInt8]? {
    cached(\.groups, gid) { name(gid, cairn_group_name) }
  }

  /// `nil` when there is no such user.
  package func userID(_ name: [UInt8]) -> UInt32? {
    cached(\.userIDs, name) { number(name, cairn_user_id) }
  }

  /// `nil` when there is no such group.
  package func groupID(_ name: [UInt8]) -> UInt32? {
    cached(\.groupIDs, name) { number(name, cairn_group_id) }
  }

  /// Looks up outside the lock: a directory service may take its time.
  private func cached<Key: Hashable & Sendable, Value: Sendable>(
    _ path: any WritableKeyPath<Cache, [Key: Value?]> & Sendable, _ key: Key, _ find: () -> Value?
  ) -> Value? {
    if let known = cache.withLock({ $0[keyPath: path][key] }) { return known }
    let found = find()
    cache.withLock { $0[keyPath: path][key] = .some(found) }
    return found
  }

  private func name(
    _ id: UInt32, _ find: (UInt32, UnsafeMutablePointer<CChar>?, Int) -> Int32
  ) -> [UInt8]? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
      guard find(id, buffer.baseAddress, buffer.count) == 0 else { return nil }
      let start = UnsafeRawPointer(buffer.baseAddress!)
      return [UInt8](UnsafeRawBufferPointer(start: start, count: strlen(buffer.baseAddress!)))
    }
  }

  private func number(
    _ name: [UInt8], _ find: (UnsafePointer<CChar>?, UnsafeMutablePointer<UInt32>?) -> Int32
  ) -> UInt32? {
    guard let name = RawPath(validating: name), !name.bytes.isEmpty else { return nil }
    var id: UInt32 = 0
    return name.withCString { find($0, &id) } == 0 ? id : nil
  }
}
