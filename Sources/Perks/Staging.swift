import Foundation

/// Turns the bytes of a file into lines of PostgreSQL's COPY text format, a chunk at a time.
protocol Stager: Sendable {
    /// Takes the next bytes of the source, nil at its end; answers the lines they complete.
    func stage(_ bytes: [UInt8]?) throws -> [UInt8]
}

/// A source's bytes turned into lines for COPY, chunk by chunk as they are asked for.
struct StagedChunks<Source: AsyncSequence & Sendable>: AsyncSequence, Sendable where Source.Element == [UInt8] {
    let source: Source
    let stager: any Stager
    /// Is told of every chunk read, in bytes.
    let progress: @Sendable (Int) -> Void

    struct AsyncIterator: AsyncIteratorProtocol {
        var source: Source.AsyncIterator
        let stager: any Stager
        let progress: @Sendable (Int) -> Void
        var isAtEnd = false

        mutating func next() async throws -> [UInt8]? {
            while !isAtEnd {
                let chunk = try await source.next()
                isAtEnd = chunk == nil
                progress(chunk?.count ?? 0)
                let lines = try stager.stage(chunk)
                if !lines.isEmpty { return lines }
            }
            return nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source.makeAsyncIterator(), stager: stager, progress: progress)
    }
}

/// One line of COPY's text format in the making.
struct CopyLine {
    private(set) var bytes: [UInt8] = []
    private var isEmpty = true

    /// Appends several columns.
    mutating func append(columns: [String?]) {
        for column in columns { append(column) }
    }

    /// Appends a column; nil is SQL's null.
    mutating func append(_ text: String?) {
        if !isEmpty { bytes.append(UInt8(ascii: "\t")) }
        isEmpty = false
        guard let text else {
            bytes.append(contentsOf: "\\N".utf8)
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            default: bytes.append(byte)
            }
        }
    }
}

/// Bytes split into lines, one held at a time.
struct Lines {
    private var partial: [UInt8] = []
    private var line = 1

    /// Takes the next bytes, nil at the end; answers the lines they complete, without blank ones.
    mutating func feed(_ bytes: [UInt8]?) -> [(line: Int, text: [UInt8])] {
        var complete: [(Int, [UInt8])] = []
        for byte in bytes ?? [UInt8(ascii: "\n")] {
            if byte != UInt8(ascii: "\n") {
                // A longer line is refused as bad JSON, and costs no more memory than this.
                if partial.count <= CSV.longestRow { partial.append(byte) }
                continue
            }
            if !partial.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) {
                complete.append((line, partial))
            }
            partial.removeAll(keepingCapacity: true)
            line += 1
        }
        return complete
    }
}
