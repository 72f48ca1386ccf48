import CLibPQ
import Foundation

extension Wire {
    /// What a statement came to.
    struct Completion: Sendable {
        var rows: Rows = .none
        /// Rows inserted, updated, deleted or returned.
        var affected = 0
        /// What was done, as PostgreSQL names it: "COMMIT", "INSERT 0 1".
        var tag = ""
    }

    /// One answer to a request.
    enum Reply {
        case completed(Completion)
        case row(Rows)
        case failed(PostgresError)
        case copying
        case unexpected(String)
    }

    /// The next answer to the request that was sent, nil after the last.
    ///
    /// - Parameters:
    ///   - columns: what the rows look like, when an earlier answer to the same statement told.
    ///   - deadline: when to give up.
    /// - Returns: the answer.
    /// - Throws: `Failure`.
    func next(columns: Columns?, before deadline: ContinuousClock.Instant?) throws -> Reply? {
        guard let result = try nextResult(before: deadline) else { return nil }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            let affected = Int(String(cString: PQcmdTuples(result))) ?? 0
            let tag = String(cString: PQcmdStatus(result))
            return .completed(Completion(rows: Rows(result, columns: columns), affected: affected, tag: tag))
        case PGRES_SINGLE_TUPLE: return .row(Rows(result, columns: columns))
        case PGRES_FATAL_ERROR: return .failed(PostgresError(result))
        case PGRES_COPY_IN: return .copying
        case PGRES_EMPTY_QUERY: return .failed(PostgresError(.usage, "the statement is empty"))
        case let status: return .unexpected(String(cString: PQresStatus(status)))
        }
    }
}

extension Rows {
    fileprivate init(_ result: OpaquePointer, columns known: Columns?) {
        let width = Int(PQnfields(result))
        let count = Int(PQntuples(result))
        guard width > 0 else {
            self.init(columns: Rows.none.columns, cells: [], bytes: [], count: count)
            return
        }
        var bytes: [UInt8] = []
        var cells: [Cell] = []
        cells.reserveCapacity(width * count)
        for row in 0..<Int32(count) {
            for column in 0..<Int32(width) {
                guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
                    cells.append(Cell(offset: 0, length: -1))
                    continue
                }
                let length = Int(PQgetlength(result, row, column))
                cells.append(Cell(offset: bytes.count, length: length))
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: length))
            }
        }
        self.init(columns: known ?? Columns(result, width: width), cells: cells, bytes: bytes, count: count)
    }
}

extension Columns {
    fileprivate convenience init(_ result: OpaquePointer, width: Int) {
        let numbers = 0..<Int32(width)
        self.init(
            names: numbers.map { String(cString: PQfname(result, $0)) },
            types: numbers.map { PostgresType(oid: PQftype(result, $0)) }
        )
    }
}

extension PostgresError {
    /// The error or notice that a result carries.
    init(_ result: OpaquePointer) {
        func field(_ letter: Unicode.Scalar) -> String? {
            PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
        }
        let fallback = String(cString: PQresultErrorMessage(result)).inOneLine
        self.init(.server, field("M") ?? fallback, sqlState: field("C"))
        detail = field("D")
        hint = field("H")
        schema = field("s")
        table = field("t")
        column = field("c")
        constraint = field("n")
        switch sqlState {
        case "57014", "55P03": kind = .timeout
        case _ where endsConnection: kind = .unavailable
        default: break
        }
    }
}
