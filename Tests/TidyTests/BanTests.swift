import Testing

struct BanTests {
  @Test(arguments: Ban.all)
  func `nothing banned is in the sources`(ban: Ban) {
    for file in Checkout.sources {
      for finding in ban.findings(in: file) { finding.record() }
    }
  }

  @Test func `no marker of unfinished work is in tests, scripts or documents`() throws {
    let ban = try #require(Ban.all.first { $0.looksIntoComments })
    let folders = ["Tests", "Benchmarks", "scripts", "docs"]
    let files = folders.flatMap {
      Checkout.files(under: $0, extensions: ["swift", "c", "h", "py", "sh", "bash", "md"])
    }
    for file in files {
      for finding in ban.findings(in: file) { finding.record() }
    }
  }

  @Test(arguments: [
    ("Foundation in the engine", "internal import Foundation"),
    ("Foundation in the engine", "package import FoundationEssentials"),
    ("try? in sources", "let size = try? file.size()"),
    ("empty catch", "do { try run() } catch {}"),
    ("empty catch", "} catch let error as CairnError { }"),
    ("fatalError in sources", "default: fatalError(\"unreachable\")"),
    ("marker of unfinished work", "// TO" + "DO: later"),
    ("print below the commands", "print(total)"),
    ("print below the commands", "  if verbose { print(total) }"),
    ("print below the commands", "debugPrint(total)"),
    ("task in the engine", "Task { await run() }"),
    ("task in the engine", "let t = Task(priority: .high) { 1 }"),
    ("task in the engine", "Task.detached(priority: nil) {"),
  ])
  func `a banned line is found`(name: String, line: String) throws {
    let ban = try #require(Ban.all.first { $0.name == name })
    let file = SourceFile(path: "Sources/CairnBackup/File.swift", text: "\n\(line)\n")
    #expect(ban.findings(in: file).map(\.line) == [2])
  }

  @Test(arguments: [
    "// never try? here", "let blueprint(of: house)", "template(\"XXXXXX\")", "TaskGroup {",
    "printer.print(page)", "struct WorkTask {", "} catch { report.add(error) }",
    "let fingerprint = 1", "func blueprint() {}", "fingerprint(of: key)",
  ])
  func `an innocent line is left alone`(line: String) {
    let file = SourceFile(path: "Sources/CairnBackup/File.swift", text: line)
    #expect(Ban.all.flatMap { $0.findings(in: file) } == [])
  }
}
