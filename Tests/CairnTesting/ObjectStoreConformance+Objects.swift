package import CairnCore
package import CairnObjectStore

extension ObjectStoreConformance {
  static let reading = [
    ObjectStoreConformance("reads any range of an object") { store in
      let key = sampleKey(.packs, 1)
      let bytes = samplePattern(100_000)
      try store.put(key, bytes, mode: .keepExisting)
      for range in [0..<100_000, 0..<0, 0..<1, 99_999..<100_000, 4_096..<8_192, 7..<70_001] {
        try require(try readRange(store, key, range) == bytes[range], "reads \(range)")
      }
      try require(try store.byteCount(of: key) == 100_000, "knows the length")
    },
    ObjectStoreConformance("reports a range past the end as damage") { store in
      let key = sampleKey(.packs, 2)
      try store.put(key, samplePattern(1_000), mode: .keepExisting)
      for range in [0..<1_001, 999..<1_001, 1_000..<1_001, 5_000..<6_000] {
        try requireFailure(.damaged, "\(range) of 1,000 bytes is damaged") {
          () throws(CairnError) in
          _ = try readRange(store, key, range)
        }
      }
      try requireFailure(.damaged, "an offset near the end of the numbers is damaged") {
        () throws(CairnError) in
        try withBuffer(16) { (buffer) throws(CairnError) in
          try store.read(key, at: .max - 3, into: buffer)
        }
      }
    },
    ObjectStoreConformance("reads an object whole up to the limit given") { store in
      let key = sampleKey(.snapshots, 3)
      let bytes = samplePattern(5_000)
      try store.put(key, bytes, mode: .keepExisting)
      try require(try store.readAll(key, byteCountMax: 5_000) == bytes, "reads at the limit")
      try requireFailure(.damaged, "one byte over the limit is damaged") { () throws(CairnError) in
        _ = try store.readAll(key, byteCountMax: 4_999)
      }
    },
    ObjectStoreConformance("says notFound for what is missing") { store in
      for kind in ObjectKind.allCases {
        let key = sampleKey(kind, 4)
        try requireFailure(.notFound, "read of \(key)") { () throws(CairnError) in
          _ = try readRange(store, key, 0..<1)
        }
        try requireFailure(.notFound, "readAll of \(key)") { () throws(CairnError) in
          _ = try store.readAll(key, byteCountMax: 10)
        }
        try requireFailure(.notFound, "byteCount of \(key)") { () throws(CairnError) in
          _ = try store.byteCount(of: key)
        }
      }
    },
    ObjectStoreConformance("reads the new bytes after a replacement and none after a deletion") {
      store in
      let key = sampleKey(.packs, 5)
      try store.put(key, samplePattern(3_000, seed: 1), mode: .keepExisting)
      _ = try readRange(store, key, 0..<100)
      let new = samplePattern(2_000, seed: 2)
      try store.put(key, new, mode: .replace)
      try require(try readRange(store, key, 0..<2_000) == new[...], "reads the replacement")
      try store.delete(key)
      try requireFailure(.notFound, "deleted") { () throws(CairnError) in
        _ = try readRange(store, key, 0..<100)
      }
    },
  ]

  static let putting = [
    ObjectStoreConformance("keeps objects of every kind") { store in
      for (number, kind) in ObjectKind.allCases.enumerated() {
        let key = sampleKey(kind, UInt8(number))
        let bytes = samplePattern(100 + number, seed: UInt8(number))
        try store.put(key, bytes, mode: .failIfExisting)
        try require(try store.readAll(key, byteCountMax: 1_000) == bytes, "reads back \(key)")
      }
    },
    ObjectStoreConformance("keeps, replaces or refuses as the mode says") { store in
      for key in [ObjectKey.config, sampleKey(.leases, 6), sampleKey(.packs, 6)] {
        let first = samplePattern(500, seed: 1)
        let second = samplePattern(700, seed: 2)
        try store.put(key, first, mode: .keepExisting)
        try store.put(key, first, mode: .keepExisting)
        try store.put(key, second, mode: .keepExisting)
        try require(try store.readAll(key, byteCountMax: 1_000) == first, "keeps \(key)")
        try requireFailure(.exists, "failIfExisting of \(key)") { () throws(CairnError) in
          try store.put(key, second, mode: .failIfExisting)
        }
        try require(try store.readAll(key, byteCountMax: 1_000) == first, "refuses \(key)")
        try store.put(key, second, mode: .replace)
        try require(try store.readAll(key, byteCountMax: 1_000) == second, "replaces \(key)")
      }
    },
    ObjectStoreConformance("keeps an empty object") { store in
      let key = sampleKey(.condemned, 7)
      try store.put(key, [], mode: .keepExisting)
      try require(try store.byteCount(of: key) == 0, "has no bytes")
      try require(try store.readAll(key, byteCountMax: 0).isEmpty, "reads as nothing")
      let upload = try store.beginUpload()
      try upload.commit(as: sampleKey(.packs, 7), byteCount: 0)
      try require(try store.byteCount(of: sampleKey(.packs, 7)) == 0, "uploads nothing")
    },
    ObjectStoreConformance("deletes, also what is not there") { store in
      for kind in ObjectKind.allCases {
        let key = sampleKey(kind, 8)
        try store.delete(key)
        try store.put(key, [1, 2, 3], mode: .keepExisting)
        try store.delete(key)
        try store.delete(key)
        try require(try store.list(kind).isEmpty, "\(key) is gone")
      }
    },
    ObjectStoreConformance("lets one of many writers of the same key win, whole") { store in
      for mode in [PutMode.keepExisting, .replace, .failIfExisting] {
        let key = sampleKey(.leases, 9)
        let refused = Counter()
        try onThreads(8) { number throws(CairnError) in
          do throws(CairnError) {
            try store.put(key, samplePattern(20_000 + number, seed: UInt8(number)), mode: mode)
          } catch  where error.code == .exists {
            refused.increment()
          }
        }
        try require(refused.value == (mode == .failIfExisting ? 7 : 0), "refuses as \(mode) says")
        let bytes = try store.readAll(key, byteCountMax: 30_000)
        let winner = bytes.count - 20_000
        try require(bytes == samplePattern(bytes.count, seed: UInt8(winner)), "is whole")
        try store.delete(key)
      }
    },
  ]

  static let listing = [
    ObjectStoreConformance("lists each kind alone, with lengths") { store in
      for kind in ObjectKind.allCases {
        try require(try store.list(kind).isEmpty, "\(kind) begins empty")
      }
      for kind in ObjectKind.allCases {
        for number in [UInt8(0), 1, 127, 255] where kind != .config || number == 0 {
          try store.put(
            sampleKey(kind, number), samplePattern(Int(number) + 10), mode: .keepExisting)
        }
      }
      for kind in ObjectKind.allCases {
        let numbers = kind == .config ? [UInt8(0)] : [0, 1, 127, 255]
        let listed = try store.list(kind)
        try require(
          listed.map(\.key) == numbers.map { sampleKey(kind, $0) }.sorted(), "lists \(kind)")
        for (key, byteCount) in listed {
          try require(try store.byteCount(of: key) == byteCount, "knows the length of \(key)")
        }
      }
    },
    ObjectStoreConformance("passes on what the body of a listing throws") { store in
      try store.put(sampleKey(.index, 1), [1], mode: .keepExisting)
      try requireFailure(.interrupted, "throws the body's error") { () throws(CairnError) in
        try store.list(.index) { (_, _) throws(CairnError) in throw CairnError.interrupted }
      }
    },
    ObjectStoreConformance("may be changed while it is listed") { store in
      for number in UInt8(0)..<50 {
        try store.put(sampleKey(.snapshots, number), [number], mode: .keepExisting)
      }
      let seen = Counter()
      try store.list(.snapshots) { (key, _) throws(CairnError) in
        seen.increment()
        try store.delete(key)
      }
      try require(seen.value == 50, "lists all")
      try require(try store.list(.snapshots).isEmpty, "deletes all")
    },
  ]
}

/// Reads one range of an object into new memory.
package func readRange(_ store: any ObjectStore, _ key: ObjectKey, _ range: Range<Int>)
  throws(CairnError)
  -> ArraySlice<UInt8>
{
  var bytes: [UInt8] = []
  try withBuffer(range.count) { (buffer) throws(CairnError) in
    try store.read(key, at: UInt64(range.lowerBound), into: buffer)
    bytes = [UInt8](buffer)
  }
  return bytes[...]
}

/// Lends `body` memory aligned as direct writing wants it.
func withBuffer<Result>(
  _ byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws(CairnError) -> Result
) throws(CairnError) -> Result {
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
  defer { buffer.deallocate() }
  return try body(buffer)
}
