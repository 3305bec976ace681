package import CairnCore
internal import Synchronization

/// Objects in memory, gone with the store: for tests and the simulation.
package final class MemoryStore: ObjectStore {
  package let location: String
  private let objects = Mutex<[ObjectKey: [UInt8]]>([:])

  package init(location: String = "memory") {
    self.location = location
  }

  package func read(
    _ key: ObjectKey, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(CairnError) {
    let object = try object(key)
    guard offset <= UInt64(object.count), UInt64(object.count) - offset >= UInt64(buffer.count)
    else {
      throw CairnError.damaged(
        "\(key) in \(location) ends before the \(buffer.count) bytes from \(offset) on")
    }
    object.withUnsafeBytes { bytes in
      buffer.copyMemory(from: .init(rebasing: bytes[Int(offset)..<Int(offset) + buffer.count]))
    }
  }

  package func readAll(_ key: ObjectKey, byteCountMax: Int) throws(CairnError) -> [UInt8] {
    let object = try object(key)
    guard object.count <= byteCountMax else {
      throw CairnError.damaged(
        "\(key) in \(location) has \(object.count) bytes, more than the \(byteCountMax) it may have"
      )
    }
    return object
  }

  package func byteCount(of key: ObjectKey) throws(CairnError) -> UInt64 {
    UInt64(try object(key).count)
  }

  package func put(_ key: ObjectKey, _ bytes: [UInt8], mode: PutMode) throws(CairnError) {
    try objects.withLock { (objects) throws(CairnError) in
      if objects[key] != nil {
        switch mode {
        case .keepExisting: return
        case .replace: break
        case .failIfExisting:
          throw CairnError(.exists, "can't store \(key) in \(location): it exists")
        }
      }
      objects[key] = bytes
    }
  }

  package func beginUpload() throws(CairnError) -> any ObjectUpload {
    MemoryUpload(in: self)
  }

  package func list(_ kind: ObjectKind, _ body: (ObjectKey, UInt64) throws(CairnError) -> Void)
    throws(CairnError)
  {
    // Outside the lock: the body may call the store.
    let found = objects.withLock { objects in
      objects.filter { $0.key.kind == kind }.mapValues { UInt64($0.count) }
    }
    for (key, byteCount) in found { try body(key, byteCount) }
  }

  package func delete(_ key: ObjectKey) throws(CairnError) {
    objects.withLock { $0[key] = nil }
  }

  /// Nothing is ever left over: an upload lives and dies with its references.
  package func removeLeftovers(olderThan age: Int64) throws(CairnError) -> UInt64 { 0 }

  private func object(_ key: ObjectKey) throws(CairnError) -> [UInt8] {
    guard let object = objects.withLock({ $0[key] }) else {
      throw CairnError(.notFound, "can't find \(key) in \(location)")
    }
    return object
  }
}

/// An object in the making in a ``MemoryStore``.
private final class MemoryUpload: ObjectUpload {
  private let store: MemoryStore
  /// `nil` once the upload has ended.
  private let bytes = Mutex<[UInt8]?>([])

  init(in store: MemoryStore) {
    self.store = store
  }

  func write(_ piece: UnsafeRawBufferPointer, at offset: UInt64) throws(CairnError) {
    try bytes.withLock { (bytes) throws(CairnError) in
      guard var content = bytes.take() else { throw Self.ended }
      let start = Int(offset)
      if content.count < start + piece.count {
        content.append(
          contentsOf: [UInt8](repeating: 0, count: start + piece.count - content.count))
      }
      content.withUnsafeMutableBytes { content in
        UnsafeMutableRawBufferPointer(rebasing: content[start...]).copyMemory(from: piece)
      }
      bytes = content
    }
  }

  func commit(as key: ObjectKey, byteCount: UInt64) throws(CairnError) {
    guard let content = bytes.withLock({ $0.take() }) else { throw Self.ended }
    precondition(UInt64(content.count) >= byteCount, "commit of bytes never written")
    try store.put(key, [UInt8](content.prefix(Int(byteCount))), mode: .replace)
  }

  func abort() {
    bytes.withLock { $0 = nil }
  }

  private static var ended: CairnError {
    CairnError(.failed, "this upload has ended; nothing more can be written to it")
  }
}
