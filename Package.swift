// swift-tools-version: 6.2
import PackageDescription

/// Settings shared by every Swift target: language mode 6, the upcoming features that tighten
/// imports and existentials, and no warning left standing.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
  // The layers are modules for the reader's sake; the optimiser should see through them.
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

let kernelFlags: [CSetting] = [.unsafeFlags(["-O3"])]

func layer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["CairnTesting"], swiftSettings: strict)
}

/// What every operation on a repository may speak to.
let repositoryLayer: [Target.Dependency] = [
  "CairnCore", "CairnSystem", "CairnCrypto", "CairnFormat", "CairnObjectStore", "CairnIndex",
]

let package = Package(
  name: "cairn",
  products: [.executable(name: "cairn", targets: ["cairn"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Layer 0: C and system libraries.
    .target(name: "CCairnKernels", cSettings: kernelFlags),
    .target(name: "CCairnSystem"),
    .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
    // Layer 1
    layer("CairnCore", []),
    layer("CairnSystem", ["CairnCore", "CCairnSystem"]),
    // Layer 2
    layer("CairnChunking", ["CairnCore", "CCairnKernels"]),
    layer("CairnCrypto", ["CairnCore", "CCairnKernels", "COpenSSL", "CArgon2"]),
    layer("CairnFormat", ["CairnCore"]),
    layer("CairnObjectStore", ["CairnCore", "CairnSystem"]),
    // Layer 3
    layer("CairnIndex", ["CairnCore", "CairnSystem", "CairnFormat", "CLMDB"]),
    // Layer 4
    layer(
      "CairnRepository",
      [
        "CairnCore", "CairnSystem", "CairnChunking", "CairnCrypto", "CairnFormat",
        "CairnObjectStore", "CairnIndex", "CZstd",
      ]),
    // Layer 5
    layer("CairnBackup", repositoryLayer + ["CairnRepository", "CairnChunking"]),
    layer("CairnRestore", repositoryLayer + ["CairnRepository"]),
    layer("CairnMaintenance", repositoryLayer + ["CairnRepository"]),
    // Layer 7
    layer(
      "CairnCommands",
      [
        "CairnCore", "CairnSystem", "CairnFormat", "CairnCrypto", "CairnObjectStore",
        "CairnIndex", "CairnRepository", "CairnBackup", "CairnRestore", "CairnMaintenance",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "cairn", dependencies: ["CairnCommands"], swiftSettings: strict),
    // Tests
    .target(
      name: "CairnTesting", dependencies: repositoryLayer + ["CairnRepository"],
      path: "Tests/CairnTesting", swiftSettings: strict),
    tests("CairnSystemTests", ["CairnSystem", "CairnCore"]),
    .testTarget(name: "TidyTests", swiftSettings: strict),
    tests(
      "CairnIntegrationTests",
      repositoryLayer + ["CairnRepository", "CairnBackup", "CairnRestore", "CairnMaintenance"]),
    tests("CairnBackupTests", repositoryLayer + ["CairnRepository", "CairnBackup"]),
    tests("CairnIndexTests", ["CairnIndex", "CairnFormat", "CairnCore"]),
    tests("CairnObjectStoreTests", ["CairnObjectStore", "CairnCore"]),
    tests("CairnChunkingTests", ["CairnChunking", "CairnCore", "CCairnKernels"]),
    tests("CairnCoreTests", ["CairnCore"]),
    tests("CairnCryptoTests", ["CairnCrypto", "CairnCore", "COpenSSL", "CCairnKernels"]),
    tests("CairnFormatTests", ["CairnFormat", "CairnCore"]),
    tests("CairnRepositoryTests", repositoryLayer + ["CairnRepository"]),
    tests("CairnMaintenanceTests", repositoryLayer + ["CairnRepository", "CairnMaintenance"]),
    tests(
      "CairnCommandsTests",
      [
        "CairnCommands", "CairnRepository", "CairnFormat", "CairnCrypto", "CairnSystem",
        "CairnCore",
      ]),
    tests("CairnRestoreTests", repositoryLayer + ["CairnRepository", "CairnRestore"]),
  ]
)
