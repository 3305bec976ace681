/// An extended attribute; POSIX ACLs are `system.posix_acl_access` and `system.posix_acl_default`.
package struct ExtendedAttribute: Hashable, Sendable {
  package var name: [UInt8]
  package var value: [UInt8]

  package init(name: [UInt8], value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// A run of data in a sparse file, bytes; what no extent covers is a hole.
package struct DataExtent: Hashable, Sendable, BitwiseCopyable {
  package var offset: UInt64
  package var byteCount: UInt64

  package init(offset: UInt64, byteCount: UInt64) {
    self.offset = offset
    self.byteCount = byteCount
  }

  /// The first byte after the run.
  package var end: UInt64 { offset + byteCount }
}
