/// One message of PostgreSQL's protocol, as it is sent: a letter, a length and what follows.
struct Message {
    /// The letter; zero for the first message of a client, which has none.
    let kind: UInt8
    let bytes: ArraySlice<UInt8>

    /// What follows the length.
    var body: ArraySlice<UInt8> { bytes.dropFirst(kind == 0 ? 4 : 5) }

    /// Whether a client asks to commit, in a simple query as `Connection.commit` sends it.
    var isCommit: Bool {
        kind == UInt8(ascii: "Q") && body.count == 7
            && String(decoding: body.dropLast(), as: UTF8.self).lowercased() == "commit"
    }

    /// The process that answers, which a server tells once.
    var backend: Int32? {
        guard kind == UInt8(ascii: "K"), body.count >= 4 else { return nil }
        return Int32(truncatingIfNeeded: body.prefix(4).reduce(0) { $0 << 8 | Int($1) })
    }

    /// Whether a server says that it has committed.
    var isCommitted: Bool { kind == UInt8(ascii: "C") && body.elementsEqual("COMMIT\0".utf8) }

    /// Whether a server waits for what comes next and, if so, within a transaction.
    var isReady: Bool { kind == UInt8(ascii: "Z") }
    var isReadyInTransaction: Bool { isReady && body.first == UInt8(ascii: "T") }
}

/// Cuts what one side sends into whole messages.
///
/// Knows no encryption: libpq asks for none on a Unix socket.
struct MessageReader {
    private var isFirst: Bool
    private var pending: [UInt8] = []
    private var start = 0

    init(ofClient: Bool) {
        isFirst = ofClient
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        pending.removeFirst(start)
        start = 0
        pending.append(contentsOf: bytes)
    }

    /// The next message that has come whole.
    mutating func next() -> Message? {
        let head = isFirst ? 0 : 1
        guard pending.count - start >= head + 4 else { return nil }
        let length = pending[(start + head)..<(start + head + 4)].reduce(0) { $0 << 8 | Int($1) } + head
        guard pending.count - start >= length else { return nil }
        let message = Message(kind: isFirst ? 0 : pending[start], bytes: pending[start..<(start + length)])
        start += length
        isFirst = false
        return message
    }
}
