internal import CCairnKernels
package import CairnCore
internal import Glibc

/// A way to run the gear scan. All give the same cuts.
package enum GearKernel: String, CaseIterable, Sendable {
  /// Plain C, on every processor.
  case scalar
  /// Eight lanes.
  case avx2
  /// Sixteen lanes; needs AVX-512 F and BW.
  case avx512

  /// The environment variable that demands a kernel by its name.
  package static let environmentVariable = "CAIRN_GEAR_KERNEL"

  /// Whether this processor and operating system can run it.
  package var isAvailable: Bool { cairn_gear_available(identifier) }

  /// The kernel the environment demands, or else the fastest available.
  ///
  /// Throws `usage` for an unknown name and `unsupported` for a kernel the processor lacks.
  package static func selected() throws(CairnError) -> GearKernel {
    guard let value = getenv(environmentVariable) else { return fastest }
    return try named(String(cString: value))
  }

  /// The kernel of that name. Throws as ``selected()`` does.
  package static func named(_ name: String) throws(CairnError) -> GearKernel {
    guard let kernel = GearKernel(rawValue: name) else {
      let known = allCases.map(\.rawValue).joined(separator: ", ")
      throw CairnError(.usage, "\(environmentVariable): no kernel ‘\(name)’ (known: \(known))")
    }
    guard kernel.isAvailable else {
      throw CairnError(
        .unsupported, "\(environmentVariable): this processor can't run the kernel ‘\(name)’")
    }
    return kernel
  }

  /// Measured 12.2 (AVX-512), 6.9 (AVX2) and 1.4 GB/s (scalar) on Zen 5; the order is the same on
  /// Skylake.
  private static let fastest: GearKernel =
    [.avx512, .avx2].first { $0.isAvailable } ?? .scalar

  var identifier: cairn_gear_kernel {
    switch self {
    case .scalar: CAIRN_GEAR_SCALAR
    case .avx2: CAIRN_GEAR_AVX2
    case .avx512: CAIRN_GEAR_AVX512
    }
  }
}
