internal import CairnCore
internal import CairnSystem

/// The marker of directories whose content can be made again (https://bford.info/cachedir/).
enum CacheDirectoryTag {
  static let name = Array("CACHEDIR.TAG".utf8)
  private static let signature = Array("Signature: 8a477f597d28d172789f06886806bc55".utf8)

  /// Whether the directory's tag begins with the signature; one that can't be read doesn't count.
  static func isValid(in directory: SourceDirectory) -> Bool {
    do throws(CairnError) {
      let file = try directory.descriptor.directory.open(
        RawPath(name), [.read, .keepingAccessTime])
      var bytes = [UInt8](repeating: 0, count: signature.count)
      let result: Result<Int, CairnError> = bytes.withUnsafeMutableBytes { buffer in
        do throws(CairnError) {
          return .success(try file.readFully(into: buffer, at: 0))
        } catch {
          return .failure(error)
        }
      }
      return try result.get() == signature.count && bytes == signature
    } catch {
      return false
    }
  }
}
