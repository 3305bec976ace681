import Testing

@testable import CairnCommands

struct ArgumentOrderTests {
  @Test(arguments: [
    ("--repo r snapshots --json", "snapshots --repo r --json"),
    ("-r r --json key add --label x", "key add -r r --json --label x"),
    ("key -r r list", "key list -r r"),
    ("--repo=r backup a", "backup --repo=r a"),
    ("backup --repo r a", "backup --repo r a"),
    ("--help", "--help"), ("--repo r", "--repo r"), ("--repo r --help", "--repo r --help"),
    ("--repo", "--repo"), ("", ""), ("-q ls latest", "ls -q latest"),
  ])
  func `options before the command move behind it`(before: String, after: String) {
    let arguments = before.split(separator: " ").map(String.init)
    #expect(ArgumentOrder.commandFirst(arguments).joined(separator: " ") == after)
  }
}
