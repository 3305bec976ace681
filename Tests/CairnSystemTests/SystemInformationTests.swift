import CairnCore
import CairnSystem
import Glibc
import Testing

struct SystemInformationTests {
  @Test func `random bytes differ from draw to draw`() throws {
    #expect(try SystemRandom.bytes(32) != SystemRandom.bytes(32))
    #expect(try SystemRandom.bytes(0).isEmpty)
  }

  @Test func `this process is alive and another one of its number is not`() throws {
    let identity = try ProcessIdentity.current()
    #expect(identity.pid == getpid())
    #expect(try identity.isAlive())
    var earlier = identity
    earlier.startTicks -= 1
    #expect(try !earlier.isAlive())
    #expect(try ProcessIdentity.of(pid: Int32.max) == nil)
  }

  @Test func `machine, boot, clocks and usage are told`() throws {
    #expect(try !SystemInformation.hostname().isEmpty)
    #expect(try SystemInformation.bootID().count == 36)
    #expect(SystemInformation.processorCount >= 1)
    #expect(SystemClock().now.seconds > 1_500_000_000)
    let before = MonotonicClock.nanoseconds
    #expect(MonotonicClock.nanoseconds >= before)
    let usage = ResourceUsage.current
    #expect(usage.peakResidentByteCount > 1 << 20)
    #expect(usage.userNanoseconds + usage.systemNanoseconds > 0)
  }
}

struct OwnerNamesTests {
  @Test func `root has the number nought both ways, twice`() {
    let names = OwnerNames()
    for _ in 0..<2 {
      #expect(names.userName(0) == Array("root".utf8))
      #expect(names.groupName(0) == Array("root".utf8))
      #expect(names.userID(Array("root".utf8)) == 0)
      #expect(names.groupID(Array("root".utf8)) == 0)
    }
  }

  @Test func `unknown numbers and names have no counterpart`() {
    let names = OwnerNames()
    for _ in 0..<2 {
      #expect(names.userName(3_999_999_999) == nil)
      #expect(names.groupName(3_999_999_999) == nil)
      #expect(names.userID(Array("no such user".utf8)) == nil)
      #expect(names.groupID([]) == nil)
      #expect(names.groupID([0x61, 0]) == nil)
    }
  }
}
