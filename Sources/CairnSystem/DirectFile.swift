internal import CCairnSystem

/// The two calls of an object store on a local disk that the C library's module doesn't offer.
/// Both return a negative number and set `errno` on failure.
package enum DirectFile {
  /// Creates a file (it must not exist) that is written past the page cache; a descriptor.
  package static func create(_ path: String) -> Int32 {
    cairn_create_direct(path)
  }

  /// Opens the file behind a descriptor once more, for writing past the page cache.
  package static func reopen(_ number: Int32) -> Int32 {
    cairn_reopen_direct(number)
  }

  /// Renames unless the new name is taken.
  package static func renameExclusively(_ from: String, to target: String) -> Int32 {
    cairn_rename_exclusive(from, target)
  }
}
