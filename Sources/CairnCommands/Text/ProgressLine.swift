import CairnCore

/// The counters of an operation as they were at one moment, and as one line for people.
struct ProgressLine {
  var phase: Progress.Phase
  var itemCount: Int
  var itemTotal: Int
  var byteCount: Int
  var byteTotal: Int
  var newByteCount: Int
  var errorCount: Int
  var item: String
  var elapsedNanoseconds: Int64

  init(_ progress: Progress, elapsedNanoseconds: Int64) {
    phase = progress.phase
    itemCount = progress.itemCount.value
    itemTotal = progress.itemTotal.value
    byteCount = progress.byteCount.value
    byteTotal = progress.byteTotal.value
    newByteCount = progress.newByteCount.value
    errorCount = progress.errorCount.value
    item = progress.item
    self.elapsedNanoseconds = elapsedNanoseconds
  }

  /// The line, at most `width` characters.
  func text(width: Int) -> String {
    var parts: [String] = []
    switch phase {
    case .starting: parts.append("starting")
    case .loadingIndex: parts.append("loading the index")
    case .scanning: parts.append("scanning")
    case .running: break
    case .finishing: parts.append("finishing")
    }
    if let share = share { parts.append("\(Int(share * 100)) %") }
    if itemTotal > 0 {
      parts.append("\(itemCount) of \(itemTotal)")
    } else if itemCount > 0 {
      parts.append("\(itemCount) items")
    }
    if byteCount > 0 {
      parts.append(
        byteTotal > 0
          ? "\(SizeText.text(byteCount)) of \(SizeText.text(byteTotal))"
          : SizeText.text(byteCount))
      parts.append("\(SizeText.text(bytesPerSecond))/s")
    }
    if newByteCount > 0 { parts.append("\(SizeText.text(newByteCount)) new") }
    if errorCount > 0 { parts.append("\(errorCount) problems") }
    if let seconds = secondsLeft { parts.append("\(DurationText.text(seconds: seconds)) left") }
    let line = parts.joined(separator: ", ")
    guard line.count < width else { return String(line.prefix(max(0, width))) }
    let room = width - line.count - 2
    guard !item.isEmpty, room >= 8 else { return line }
    return line + "  " + ProgressLine.shortened(item, to: room)
  }

  /// Keeps both ends: the top folder says where, the name what.
  static func shortened(_ text: String, to width: Int) -> String {
    guard text.count > width else { return text }
    guard width > 3 else { return String(text.prefix(width)) }
    let head = (width - 1) / 3
    return text.prefix(head) + "…" + text.suffix(width - 1 - head)
  }

  private var share: Double? {
    if byteTotal > 0 { return min(1, Double(byteCount) / Double(byteTotal)) }
    if itemTotal > 0 { return min(1, Double(itemCount) / Double(itemTotal)) }
    return nil
  }

  private var seconds: Double { max(Double(elapsedNanoseconds) / 1e9, 0.001) }

  private var bytesPerSecond: Int { Int(Double(byteCount) / seconds) }

  /// A guess is worth nothing before there is something to guess from.
  private var secondsLeft: Int64? {
    guard phase == .running, let share, share > 0.01, seconds > 2 else { return nil }
    return Int64((seconds / share * (1 - share)).rounded(.up))
  }
}
