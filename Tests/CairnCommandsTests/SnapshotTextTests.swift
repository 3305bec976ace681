import CairnCore
import CairnFormat
import CairnRepository
import Testing

@testable import CairnCommands

struct SnapshotTextTests {
  private func snapshot(problems: UInt64 = 0) -> Snapshot {
    var statistics = SnapshotRecord.Statistics()
    statistics.files = 3
    statistics.bytes = 1_234_567
    statistics.problems = problems
    let root = DirectoryContent(root: ChunkID(Digest()), level: 0, entryCount: 1, byteCount: 0)
    return Snapshot(
      name: ObjectName(Digest()),
      record: SnapshotRecord(
        time: Timestamp(seconds: 86_400), started: Timestamp(seconds: 86_400),
        completed: Timestamp(seconds: 86_401), host: "ann",
        user: "bob", paths: [ByteText([0x2f, 0xff]), ByteText(Array("/b".utf8))],
        tags: ["x", "y"], excludes: [], root: root, parent: nil, generation: 1, previous: nil,
        program: "cairn", statistics: statistics, problems: []))
  }

  @Test func `a row tells what a person chooses a snapshot by`() {
    let cells = SnapshotRow.cells(snapshot())
    #expect(cells[0] == "00000000")
    #expect(cells[2...] == ["ann", "x,y", "1.23 MB", "3", "", "/\\xff /b"])
    #expect(SnapshotRow.cells(snapshot(problems: 2))[6] == "2")
  }

  @Test func `a document has the whole id and the raw path`() throws {
    let bytes = try JSONRecord.encode(SnapshotDocument(snapshot()))
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains(#""id":"\#(String(repeating: "0", count: 64))""#))
    #expect(text.contains(#""paths":[{"hex":"2fff"},"/b"]"#))
    #expect(text.contains(#""time":"1970-01-02T00:00:00.000000000Z""#))
  }

  @Test func `modes are written as ls does`() {
    var node = Node(name: [0x61], type: .regular)
    node.mode = 0o644
    #expect(EntryText.modeText(node) == "-rw-r--r--")
    node.mode = 0o6755
    #expect(EntryText.modeText(node) == "-rwsr-sr-x")
    node.type = .directory
    node.mode = 0o1776
    #expect(EntryText.modeText(node) == "drwxrwxrwT")
  }
}
