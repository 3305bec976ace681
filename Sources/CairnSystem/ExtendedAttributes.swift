internal import CCairnSystem
package import CairnCore
internal import Glibc

extension FileDescriptor {
  /// All extended attributes, sorted by name; empty where the file system has none.
  package func extendedAttributes() throws(CairnError) -> [ExtendedAttribute] {
    try readAttributes(of: number, nil, "file")
  }

  /// Creates or replaces. A file system without attributes is `failed` with `EOPNOTSUPP`.
  package func setExtendedAttribute(_ attribute: ExtendedAttribute) throws(CairnError) {
    let name = try attributeName(attribute.name)
    let result = name.withCString {
      cairn_xattr_set(number, nil, $0, attribute.value, attribute.value.count)
    }
    try checked(result, "set extended attribute", name)
  }

  /// What is not there need not be removed.
  package func removeExtendedAttribute(_ name: [UInt8]) throws(CairnError) {
    let name = try attributeName(name)
    let result = name.withCString { cairn_xattr_remove(number, nil, $0) }
    if result != -ENODATA { try checked(result, "remove extended attribute", name) }
  }
}

/// Of anything, without opening it: links, FIFOs and devices too. Kernels before 6.13 need `/proc`
/// for it.
extension DirectoryHandle {
  /// All extended attributes of `name` itself, sorted by name; empty where the file system has
  /// none.
  package func extendedAttributes(of name: RawPath) throws(CairnError) -> [ExtendedAttribute] {
    let outcome: Result<[ExtendedAttribute], CairnError> = name.withCString { cName in
      do throws(CairnError) {
        return .success(try readAttributes(of: number, cName, name))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// The same for a name that lies in a ``DirectoryListing``.
  package func extendedAttributes(of name: UnsafePointer<CChar>) throws(CairnError)
    -> [ExtendedAttribute]
  {
    try readAttributes(of: number, name, nil)
  }

  /// Creates or replaces. A file system without attributes is `failed` with `EOPNOTSUPP`.
  package func setExtendedAttribute(of name: RawPath, _ attribute: ExtendedAttribute)
    throws(CairnError)
  {
    let attributeName = try attributeName(attribute.name)
    let result = name.withCString { file in
      attributeName.withCString {
        cairn_xattr_set(number, file, $0, attribute.value, attribute.value.count)
      }
    }
    try checked(result, "set an extended attribute of", name)
  }

  /// What is not there need not be removed.
  package func removeExtendedAttribute(of name: RawPath, _ attribute: [UInt8])
    throws(CairnError)
  {
    let attributeName = try attributeName(attribute)
    let result = name.withCString { file in
      attributeName.withCString { cairn_xattr_remove(number, file, $0) }
    }
    if result != -ENODATA { try checked(result, "remove an extended attribute of", name) }
  }
}

/// For tests: makes the whole process behave as on a kernel before 6.13, with equal results.
func useAttributeFallback(_ isOn: Bool) {
  cairn_xattr_use_fallback(isOn ? 1 : 0)
}

private func attributeName(_ bytes: [UInt8]) throws(CairnError) -> RawPath {
  guard let name = RawPath(validating: bytes) else {
    throw CairnError(.failed, "the name of an extended attribute holds a NUL")
  }
  return name
}

/// Lists into a stack buffer first: nearly all files have no attributes or few, and then a single
/// call decides.
private func readAttributes(
  of fd: Int32, _ name: UnsafePointer<CChar>?, _ path: RawPath?
) throws(CairnError) -> [ExtendedAttribute] {
  var names: [UInt8] = []
  let count = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
    let count = cairn_xattr_list(fd, name, buffer.baseAddress, buffer.count)
    if count > 0 {
      names = [UInt8](UnsafeRawBufferPointer(start: buffer.baseAddress, count: count))
    }
    return count
  }
  if count == 0 || count == -Int(EOPNOTSUPP) { return [] }
  if count == -Int(ERANGE) {
    names = try readGrowing(path, "list extended attributes of", name) {
      cairn_xattr_list(fd, name, $0?.assumingMemoryBound(to: CChar.self), $1)
    }
  } else if count < 0 {
    throw attributeFailure(Int32(-count), "list extended attributes of", path, name)
  }

  var attributes: [ExtendedAttribute] = []
  for part in names.split(separator: 0) {
    let attribute = RawPath([UInt8](part))
    do throws(CairnError) {
      let value = try readGrowing(path, "read an extended attribute of", name) { buffer, capacity in
        attribute.withCString { cairn_xattr_get(fd, name, $0, buffer, capacity) }
      }
      attributes.append(ExtendedAttribute(name: attribute.bytes, value: value))
    } catch {
      // Removed between the list and this call, or listed but without a value.
      if error.errno != ENODATA && error.errno != EOPNOTSUPP { throw error }
    }
  }
  return attributes.sorted { $0.name.lexicographicallyPrecedes($1.name) }
}

/// Calls `fill` with larger buffers until the answer fits; 64 KiB is the kernel's limit for both a
/// value and a list.
private func readGrowing(
  _ path: RawPath?, _ operation: StaticString, _ name: UnsafePointer<CChar>?,
  _ fill: (UnsafeMutableRawPointer?, Int) -> Int
) throws(CairnError) -> [UInt8] {
  var capacity = 256
  while true {
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
      count = fill(UnsafeMutableRawPointer(buffer.baseAddress), capacity)
      initialized = max(0, count)
    }
    if count >= 0 { return bytes }
    guard count == -Int(ERANGE), capacity < 1 << 20 else {
      throw attributeFailure(Int32(-count), operation, path, name)
    }
    capacity *= 16
  }
}

private func attributeFailure(
  _ errno: Int32, _ operation: StaticString, _ path: RawPath?, _ name: UnsafePointer<CChar>?
) -> CairnError {
  if let path { return failure(errno, operation, path) }
  let bytes = name.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? []
  return failure(errno, operation, RawPath(bytes))
}
