import CairnCore
import CairnCrypto
import CairnFormat
import CairnObjectStore
import CairnRepository
import CairnSystem

/// Adding and removing key slots in the right order: a slot exists before the ledger names it, and
/// is off the ledger before it goes, so that being stopped in between never loses the last way in.
enum KeyChange {
  static func add(
    _ new: NewPasswordGroup, password: SecretBytes, removing old: ObjectName? = nil,
    in repository: Repository
  ) throws(CairnError) -> ObjectName {
    let lease = try Lease.acquire(.shared, for: "key add", in: repository)
    let name: ObjectName
    do throws(CairnError) {
      let label = if let label = new.label { label } else { try SystemInformation.hostname() }
      name = try repository.keySlots.add(
        repository.keys, password: password, hash: new.strongKey ? .strong : .standard,
        label: label, now: repository.clock.now)
      try repository.ledger.advance(
        from: try repository.ledger.load(), addingKeys: [name],
        removing: old.map { [$0] } ?? [], now: repository.clock.now)
      if let old { try repository.store.delete(ObjectKey(.keys, old)) }
    } catch {
      try lease.release()
      throw error
    }
    try lease.release()
    return name
  }

  static func remove(_ slot: ObjectName, in repository: Repository) throws(CairnError) {
    let lease = try Lease.acquire(.shared, for: "key remove", in: repository)
    do throws(CairnError) {
      try repository.ledger.advance(
        from: try repository.ledger.load(), removing: [slot], now: repository.clock.now)
      try repository.store.delete(ObjectKey(.keys, slot))
    } catch {
      try lease.release()
      throw error
    }
    try lease.release()
  }

  /// The slot whose id begins with `text`; only one may, and it must neither be the last nor the
  /// one in use.
  static func removable(
    _ text: String, among slots: [KeySlots.Slot], current: ObjectName
  ) throws(CairnError) -> ObjectName {
    let matches = slots.filter { !text.isEmpty && $0.name.hex.hasPrefix(text.lowercased()) }
    guard let match = matches.first else {
      throw CairnError(.notFound, "no key slot has an id that begins with \(text)")
    }
    guard matches.count == 1 else {
      throw CairnError(.usage, "\(matches.count) key slots have ids that begin with \(text)")
    }
    guard slots.count > 1 else {
      throw CairnError(
        .usage, "\(match.name.short) is the last key slot: without it nothing opens the repository")
    }
    guard match.name != current else {
      throw CairnError(
        .usage,
        "\(match.name.short) is the key slot in use: open the repository with another password to"
          + " remove it, or use key passwd")
    }
    return match.name
  }
}
