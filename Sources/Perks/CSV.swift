/// A reader of comma-separated values (RFC 4180) that is fed bytes as they come and holds one row at a time.
///
/// A row that breaks the format is reported with its line, and reading goes on with the line after its first.
struct CSV {
    /// One row of a file.
    struct Record {
        /// The line it begins at, counted from 1.
        let line: Int
        let content: Result<[String], Fault>
    }

    /// What is wrong with a row, as a sentence.
    struct Fault: Error {
        let reason: String
    }

    /// Longer rows are refused, so that a quote that is never closed costs no more memory than this.
    static let longestRow = 64 * 1024

    private static let textAfterQuote = "After a closing quote there must be a comma or the end of the line."

    private enum State {
        case fieldStart, plain, quoted, quoteInQuoted, returnAfterQuote
        /// The row is broken on its first line, whose rest is passed over.
        case broken(String)
    }

    private var state = State.fieldStart
    /// The row's bytes as they came, to go back to when a quote was never closed.
    private var raw: [UInt8] = []
    private var fields: [[UInt8]] = []
    private var field: [UInt8] = []
    private var line = 1
    private var isAtStart = true

    /// Takes the next bytes of the file and hands on every row that they complete.
    mutating func feed(_ bytes: some Sequence<UInt8>, _ emit: (Record) throws -> Void) rethrows {
        for byte in bytes {
            try take(byte, emit)
        }
    }

    /// Ends the file; hands on a last row that has no line end.
    mutating func finish(_ emit: (Record) throws -> Void) rethrows {
        while !raw.isEmpty {
            if case .quoted = state {
                try abandonRow("A quote is opened and never closed.", emit)
            } else {
                try endRow(emit)
            }
        }
    }

    private mutating func take(_ byte: UInt8, _ emit: (Record) throws -> Void) rethrows {
        if case .broken = state, byte != UInt8(ascii: "\n") { return }
        raw.append(byte)
        if isAtStart, raw == [0xEF, 0xBB, 0xBF] {
            // A byte order mark is no part of the first name.
            (raw, field, isAtStart, state) = ([], [], false, .fieldStart)
            return
        }
        guard raw.count <= CSV.longestRow else {
            return try abandonRow("The row is longer than 64 KiB; is a quote never closed?", emit)
        }
        switch (state, byte) {
        case (.broken, UInt8(ascii: "\n")):
            try endRow(emit)
        case (.quoted, UInt8(ascii: "\"")):
            state = .quoteInQuoted
        case (.quoted, _):
            field.append(byte)
        case (.quoteInQuoted, UInt8(ascii: "\"")):
            field.append(byte)
            state = .quoted
        case (.fieldStart, UInt8(ascii: "\"")):
            state = .quoted
        case (_, UInt8(ascii: "\n")):
            try endRow(emit)
        case (.quoteInQuoted, UInt8(ascii: "\r")):
            state = .returnAfterQuote
        case (.returnAfterQuote, _):
            try abandonRow(CSV.textAfterQuote, emit)
        case (_, UInt8(ascii: ",")):
            endField()
        case (.quoteInQuoted, _):
            try abandonRow(CSV.textAfterQuote, emit)
        case (.plain, UInt8(ascii: "\"")):
            try abandonRow(
                "A quote stands inside an unquoted field; quote the whole field and double the quote.", emit)
        default:
            field.append(byte)
            state = .plain
        }
    }

    private mutating func endField() {
        fields.append(field)
        field.removeAll(keepingCapacity: true)
        state = .fieldStart
    }

    private mutating func endRow(_ emit: (Record) throws -> Void) rethrows {
        let record = Record(line: line, content: content())
        let isBlank = raw.allSatisfy { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        line += raw.count { $0 == UInt8(ascii: "\n") }
        beginRow()
        if !isBlank { try emit(record) }
    }

    private mutating func content() -> Result<[String], Fault> {
        if case .broken(let reason) = state { return .failure(Fault(reason: reason)) }
        if case .plain = state, field.last == UInt8(ascii: "\r") { field.removeLast() }
        endField()
        var texts: [String] = []
        for bytes in fields {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .failure(Fault(reason: "The row is not valid UTF-8."))
            }
            texts.append(text)
        }
        return .success(texts)
    }

    /// Reports the row as broken and reads on from the line after its first.
    private mutating func abandonRow(_ reason: String, _ emit: (Record) throws -> Void) rethrows {
        guard let lineEnd = raw.firstIndex(of: UInt8(ascii: "\n")) else {
            // The row has not even ended its first line: pass over what is left of it.
            state = .broken(reason)
            return
        }
        let rest = Array(raw[(lineEnd + 1)...])
        let record = Record(line: line, content: .failure(Fault(reason: reason)))
        line += 1
        beginRow()
        try emit(record)
        try feed(rest, emit)
    }

    private mutating func beginRow() {
        (state, isAtStart) = (.fieldStart, false)
        raw.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        field.removeAll(keepingCapacity: true)
    }
}
