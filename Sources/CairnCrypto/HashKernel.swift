internal import CCairnKernels
package import CairnCore
internal import Glibc

/// A way to run SHA-256 over batches of messages. All give the same digests.
package enum HashKernel: String, CaseIterable, Sendable {
  /// Plain C, on every processor; one message at a time.
  case scalar
  /// The SHA extensions; two messages at a time.
  case shani
  /// Eight messages at a time.
  case avx2
  /// Sixteen messages at a time; needs AVX-512 F and BW. The last messages of a batch, and small
  /// batches, go through the SHA extensions where the processor has them.
  case avx512

  /// The environment variable that demands a kernel by its name.
  package static let environmentVariable = "CAIRN_SHA256_KERNEL"

  /// Whether this processor and operating system can run it.
  package var isAvailable: Bool { cairn_sha256_available(identifier) }

  /// The kernel the environment demands, or else the fastest available.
  ///
  /// Throws `usage` for an unknown name and `unsupported` for a kernel the processor lacks.
  package static func selected() throws(CairnError) -> HashKernel {
    guard let value = getenv(environmentVariable) else { return fastest }
    return try named(String(cString: value))
  }

  /// The kernel of that name. Throws as ``selected()`` does.
  package static func named(_ name: String) throws(CairnError) -> HashKernel {
    guard let kernel = HashKernel(rawValue: name) else {
      let known = allCases.map(\.rawValue).joined(separator: ", ")
      throw CairnError(.usage, "\(environmentVariable): no kernel ‘\(name)’ (known: \(known))")
    }
    guard kernel.isAvailable else {
      throw CairnError(
        .unsupported, "\(environmentVariable): this processor can't run the kernel ‘\(name)’")
    }
    return kernel
  }

  /// Batches of 64 chunks on Zen 5: AVX-512 4.9, SHA extensions 2.7, AVX2 1.6, scalar 0.45 GB/s.
  private static let fastest: HashKernel =
    [.avx512, .shani, .avx2].first { $0.isAvailable } ?? .scalar

  var identifier: cairn_sha256_kernel {
    switch self {
    case .scalar: CAIRN_SHA256_SCALAR
    case .shani: CAIRN_SHA256_SHANI
    case .avx2: CAIRN_SHA256_AVX2
    case .avx512: CAIRN_SHA256_AVX512
    }
  }
}
