internal import CCairnSystem
package import CairnCore
internal import Glibc

/// Random bytes of the kernel, fit for keys.
package enum SystemRandom {
  package static func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(CairnError) {
    try checked(cairn_random(buffer.baseAddress, buffer.count), "draw random bytes", RawPath([]))
  }

  package static func bytes(_ count: Int) throws(CairnError) -> [UInt8] {
    var result: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      result = cairn_random(buffer.baseAddress, count)
      initialized = result == 0 ? count : 0
    }
    try checked(result, "draw random bytes", RawPath([]))
    return bytes
  }
}

/// The time of day as this machine has it.
package struct SystemClock: WallClock {
  package init() {}

  package var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
  }
}

/// A clock that never goes back, for measuring and timeouts within this process.
package enum MonotonicClock {
  /// Nanoseconds since an arbitrary moment.
  package static var nanoseconds: Int64 { cairn_monotonic_nanoseconds() }
}

/// What the process has used so far.
package struct ResourceUsage: Sendable {
  /// Largest resident set, bytes.
  package var peakResidentByteCount: Int64 = 0
  /// CPU time in user mode, all threads, nanoseconds.
  package var userNanoseconds: Int64 = 0
  /// CPU time in the kernel, all threads, nanoseconds.
  package var systemNanoseconds: Int64 = 0

  package static var current: ResourceUsage {
    var usage = ResourceUsage()
    cairn_resource_usage(
      &usage.peakResidentByteCount, &usage.userNanoseconds, &usage.systemNanoseconds)
    return usage
  }
}

/// Facts about this machine and its processes.
package enum SystemInformation {
  /// This machine's name as it calls itself.
  package static func hostname() throws(CairnError) -> String {
    var buffer = [UInt8](repeating: 0, count: 257)
    let failed = buffer.withUnsafeMutableBytes {
      gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), 256) != 0
    }
    if failed { throw CairnError.system(Glibc.errno, "find the host name") }
    return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Names this installation, whatever it is called; `nil` where there is no such file.
  package static func machineID() throws(CairnError) -> String? {
    do throws(CairnError) {
      let text = try DirectoryHandle.working.readFile("/etc/machine-id", byteCountMax: 128)
      let id = String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      return id.isEmpty ? nil : id
    } catch  where error.code == .notFound || error.code == .denied {
      return nil
    }
  }

  /// Names this boot of the machine: process numbers recorded under another one are history.
  package static func bootID() throws(CairnError) -> String {
    let text = try DirectoryHandle.working.readFile(
      "/proc/sys/kernel/random/boot_id", byteCountMax: 128)
    return String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// Processors this process may run on.
  package static var processorCount: Int {
    max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }
}

/// A process of this machine, told from later ones with the same number by its start time.
package struct ProcessIdentity: Hashable, Sendable {
  package var pid: Int32
  /// Clock ticks since boot, from `/proc/PID/stat`.
  package var startTicks: UInt64

  package init(pid: Int32, startTicks: UInt64) {
    self.pid = pid
    self.startTicks = startTicks
  }

  /// This process.
  package static func current() throws(CairnError) -> ProcessIdentity {
    guard let identity = try of(pid: getpid()) else {
      throw CairnError(.failed, "this process does not show in /proc")
    }
    return identity
  }

  /// The process of that number, or `nil` when none runs (a zombie doesn't run).
  package static func of(pid: Int32) throws(CairnError) -> ProcessIdentity? {
    let text: [UInt8]
    do throws(CairnError) {
      text = try DirectoryHandle.working.readFile(
        RawPath("/proc/\(pid)/stat"), byteCountMax: 16 << 10)
    } catch  where error.code == .notFound || error.errno == ESRCH {
      return nil
    }
    // The command, in parentheses, may hold anything; fields count from the last parenthesis.
    guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19,
      let ticks = UInt64(String(decoding: fields[19], as: UTF8.self))
    else {
      throw CairnError(.failed, "cannot understand /proc/\(pid)/stat")
    }
    if fields[0].first == UInt8(ascii: "Z") || fields[0].first == UInt8(ascii: "X") { return nil }
    return ProcessIdentity(pid: pid, startTicks: ticks)
  }

  /// Whether exactly this process still runs.
  package func isAlive() throws(CairnError) -> Bool {
    guard cairn_process_exists(pid) != 0 else { return false }
    return try ProcessIdentity.of(pid: pid) == self
  }
}
