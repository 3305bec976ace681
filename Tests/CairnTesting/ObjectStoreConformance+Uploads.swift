import CairnCore
import CairnObjectStore

extension ObjectStoreConformance {
  static let uploading = [
    ObjectStoreConformance("uploads aligned pieces in any order") { store in
      let bytes = samplePattern(20 * 4096)
      try upload(
        bytes, to: store, as: 1,
        pieces: stride(from: 0, to: 20, by: 1).reversed().map {
          $0 * 4096..<($0 + 1) * 4096
        })
    },
    ObjectStoreConformance("uploads pieces of odd lengths in any order") { store in
      let bytes = samplePattern(100_003)
      let cuts = [0, 1, 4_095, 4_096, 8_192, 8_193, 30_000, 65_536, 100_003]
      let pieces = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
      try upload(bytes, to: store, as: 1, pieces: pieces)
      try upload(bytes, to: store, as: 2, pieces: pieces.reversed())
    },
    ObjectStoreConformance("mixes aligned and odd pieces next to each other") { store in
      let bytes = samplePattern(12 * 4096 + 77)
      let pieces = [
        8 * 4096..<12 * 4096, 0..<4096, 5_000..<8 * 4096, 4096..<5_000,
        12 * 4096..<12 * 4096 + 77,
      ]
      try upload(bytes, to: store, as: 1, pieces: pieces)
    },
    ObjectStoreConformance("takes pieces from memory that is not aligned") { store in
      let bytes = samplePattern(8 * 4096, seed: 3)
      let upload = try store.beginUpload()
      try withBuffer(bytes.count + 1) { (buffer) throws(CairnError) in
        let shifted = UnsafeMutableRawBufferPointer(rebasing: buffer[1...])
        shifted.copyBytes(from: bytes)
        try upload.write(UnsafeRawBufferPointer(shifted), at: 0)
      }
      try upload.commit(as: sampleKey(.packs, 1), byteCount: UInt64(bytes.count))
      try requireObject(sampleKey(.packs, 1), bytes, in: store)
    },
    ObjectStoreConformance("cuts off the padding of the last piece") { store in
      let bytes = samplePattern(3 * 4096)
      let upload = try store.beginUpload()
      try write(bytes, 0..<bytes.count, to: upload)
      try upload.commit(as: sampleKey(.packs, 1), byteCount: 9_000)
      try requireObject(sampleKey(.packs, 1), [UInt8](bytes.prefix(9_000)), in: store)
    },
    ObjectStoreConformance("shows nothing of an upload before its commit") { store in
      let upload = try store.beginUpload()
      try write(samplePattern(10_000), 0..<10_000, to: upload)
      for kind in ObjectKind.allCases {
        try require(try store.list(kind).isEmpty, "\(kind) is empty before the commit")
      }
      try upload.commit(as: sampleKey(.packs, 1), byteCount: 10_000)
      try require(try store.list(.packs).count == 1, "one pack after the commit")
    },
    ObjectStoreConformance("leaves nothing of an upload given up or forgotten") { store in
      let upload = try store.beginUpload()
      try write(samplePattern(8_192), 0..<8_192, to: upload)
      upload.abort()
      upload.abort()
      try requireFailure(.failed, "write after the end") { () throws(CairnError) in
        try write([1], 0..<1, to: upload)
      }
      try requireFailure(.failed, "commit after the end") { () throws(CairnError) in
        try upload.commit(as: sampleKey(.packs, 1), byteCount: 8_192)
      }
      do {
        let forgotten = try store.beginUpload()
        try write(samplePattern(8_192), 0..<8_192, to: forgotten)
      }
      try require(try store.list(.packs).isEmpty, "no pack")
      try require(try store.removeLeftovers(olderThan: 0) == 0, "nothing is left over")
    },
    ObjectStoreConformance("keeps a committed object when its upload is aborted after") { store in
      let upload = try store.beginUpload()
      try write([1, 2, 3], 0..<3, to: upload)
      try upload.commit(as: sampleKey(.packs, 1), byteCount: 3)
      upload.abort()
      try requireObject(sampleKey(.packs, 1), [1, 2, 3], in: store)
    },
    ObjectStoreConformance("takes the same object again") { store in
      let bytes = samplePattern(50_000)
      for _ in 0..<3 { try upload(bytes, to: store, as: 1, pieces: [0..<50_000]) }
      try require(try store.list(.packs).count == 1, "one pack")
    },
    ObjectStoreConformance("uploads a large object from several threads") { store in
      let pieceByteCount = 1 << 20
      let bytes = samplePattern(40 * pieceByteCount)
      let upload = try store.beginUpload()
      try onThreads(4) { number throws(CairnError) in
        for piece in stride(from: number, to: 40, by: 4) {
          let start = piece * pieceByteCount
          // Every third piece in two odd halves.
          let middle = start + (piece % 3 == 0 ? pieceByteCount / 2 + 1_001 : pieceByteCount)
          try write(bytes, middle..<start + pieceByteCount, to: upload)
          try write(bytes, start..<middle, to: upload)
        }
      }
      try upload.commit(as: sampleKey(.packs, 1), byteCount: UInt64(bytes.count))
      try requireObject(sampleKey(.packs, 1), bytes, in: store)
    },
    ObjectStoreConformance("takes many uploads and readers at once") { store in
      try onThreads(6) { number throws(CairnError) in
        for round in 0..<8 {
          let key = sampleKey(.packs, UInt8(number * 8 + round))
          let bytes = samplePattern(30_000 + round, seed: UInt8(number + 1))
          let upload = try store.beginUpload()
          try write(bytes, 16_384..<bytes.count, to: upload)
          try write(bytes, 0..<16_384, to: upload)
          try upload.commit(as: key, byteCount: UInt64(bytes.count))
          for start in stride(from: 0, to: 30_000, by: 5_000) {
            guard try readRange(store, key, start..<start + 5_000) == bytes[start..<start + 5_000]
            else {
              throw CairnError.damaged("\(key) reads back differently from \(start) on")
            }
          }
        }
      }
      try require(try store.list(.packs).count == 48, "all packs are there")
    },
  ]

  /// Uploads `bytes` piece by piece as the pack of a number and reads them back.
  private static func upload(
    _ bytes: [UInt8], to store: any ObjectStore, as number: UInt8, pieces: [Range<Int>]
  ) throws {
    let key = sampleKey(.packs, number)
    let upload = try store.beginUpload()
    for piece in pieces { try write(bytes, piece, to: upload) }
    try upload.commit(as: key, byteCount: UInt64(bytes.count))
    try requireObject(key, bytes, in: store)
  }

  private static func requireObject(
    _ key: ObjectKey, _ bytes: [UInt8], in store: any ObjectStore
  ) throws {
    try require(try store.byteCount(of: key) == UInt64(bytes.count), "\(key) has its length")
    try require(
      areSame(try store.readAll(key, byteCountMax: bytes.count), bytes),
      "\(key) reads back the same")
  }
}

/// Writes a range of `bytes` at its own offset, from aligned memory.
func write(_ bytes: [UInt8], _ range: Range<Int>, to upload: any ObjectUpload) throws(CairnError) {
  try withBuffer(range.count) { (buffer) throws(CairnError) in
    bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[range])) }
    try upload.write(UnsafeRawBufferPointer(buffer), at: UInt64(range.lowerBound))
  }
}
