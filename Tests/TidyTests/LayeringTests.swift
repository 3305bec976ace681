import Testing

struct LayeringTests {
  @Test func `imports point only to lower layers and declared dependencies`() throws {
    let manifest = try #require(Checkout.file(at: "Package.swift"))
    let declared = Layering.declaredDependencies(manifest: manifest.lines.joined(separator: "\n"))
    let sources = Checkout.sources.filter(\.isSwift)
    #expect(!sources.isEmpty)
    for file in sources {
      let own = declared[file.target, default: []]
      for finding in Layering.findings(in: file, declared: own) { finding.record() }
    }
  }

  @Test(arguments: [
    "import CairnIndex", "package import CairnIndex", "  internal import CairnIndex",
    "@preconcurrency import CairnIndex", "@_spi(Some) public import CairnIndex",
    "import struct CairnIndex.Entry", "@testable import CairnIndex",
  ])
  func `every spelling of an import is seen`(line: String) {
    #expect(Layering.importedModule(in: line[...]) == "CairnIndex")
  }

  @Test(arguments: ["let important = 1", "// import CairnIndex", "reimport CairnIndex"])
  func `what only looks like an import is not one`(line: String) {
    #expect(Layering.importedModule(in: line[...]) == nil)
  }

  @Test(arguments: [
    ("CairnIndex", "import CairnRepository"),  // upwards
    ("CairnBackup", "import CairnRestore"),  // sideways
    ("CairnBackup", "import CLMDB"),  // confined
    ("CairnBackup", "import CairnFormat"),  // not declared
    ("CairnUnheardOf", "import CairnCore"),  // no layer
  ])
  func `an import against the layering is found`(target: String, line: String) {
    let file = SourceFile(path: "Sources/\(target)/File.swift", text: "\n" + line + "\n")
    let declared: Set<String> = ["CairnRepository", "CairnRestore", "CLMDB"]
    let findings = Layering.findings(in: file, declared: declared)
    #expect(findings.map(\.line) == [2])
  }

  @Test func `an import that the layering allows is left alone`() {
    let text = "package import CairnCore\nimport Synchronization\ninternal import CCairnSystem\n"
    let file = SourceFile(path: "Sources/CairnSystem/File.swift", text: text)
    #expect(Layering.findings(in: file, declared: ["CairnCore", "CCairnSystem"]) == [])
  }

  @Test func `dependencies are read from the manifest whatever its layout`() {
    let manifest = """
      layer("One", ["Two", "Three"]),
      layer(
        "Four",
        [
          "Five", .product(name: "Six", package: "six-package"),
        ]),
      .executableTarget(name: "seven", dependencies: ["Eight"], swiftSettings: strict),
      """
    let declared = Layering.declaredDependencies(manifest: manifest)
    #expect(declared["One"] == ["Two", "Three"])
    #expect(declared["Four"] == ["Five", "Six", "six-package"])
    #expect(declared["seven"] == ["Eight"])
  }
}
