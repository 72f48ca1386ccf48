/// The rows that a statement returned, copied out of the driver: free to keep and to send elsewhere.
package struct Rows: RandomAccessCollection, Sendable {
    /// Where a value lies in `bytes`; a length of -1 is null.
    struct Cell: Sendable {
        var offset: Int
        var length: Int
    }

    let columns: Columns
    let cells: [Cell]
    let bytes: [UInt8]
    package let count: Int

    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    package subscript(position: Int) -> Row {
        precondition(indices.contains(position), "Row \(position) of \(count)")
        return Row(rows: self, position: position)
    }

    static let none = Rows(columns: Columns(names: [], types: []), cells: [], bytes: [], count: 0)
}

/// The names and types of the columns of a result.
final class Columns: Sendable {
    let names: [String]
    let types: [PostgresType]

    init(names: [String], types: [PostgresType]) {
        self.names = names
        self.types = types
    }
}

/// One row, decoded column by column: `let id: UUID = try row["id"]`.
package struct Row: Sendable {
    fileprivate let rows: Rows
    fileprivate let position: Int

    /// The names of the columns, in the order of the statement.
    package var columnNames: [String] { rows.columns.names }

    /// The value of a column that is never null.
    ///
    /// - Throws: a decoding error that names the column, what was wanted and what came.
    package subscript<Value: PostgresValue>(column: String) -> Value {
        get throws { try decode(column) }
    }

    /// The value of a column, nil for null.
    ///
    /// - Throws: a decoding error that names the column, what was wanted and what came.
    package subscript<Value: PostgresValue>(column: String) -> Value? {
        get throws { try decode(column) }
    }

    /// Decodes a column that is never null.
    ///
    /// - Throws: a decoding error that names the column, what was wanted and what came.
    package func decode<Value: PostgresValue>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        let index = try index(of: column)
        guard let value = try decode(index, as: Value?.self) else {
            throw PostgresError.decoding("column \"\(column)\" is null; decode it as \(Value.self)?")
        }
        return value
    }

    /// Decodes a column, nil for null.
    ///
    /// - Throws: a decoding error that names the column, what was wanted and what came.
    package func decode<Value: PostgresValue>(_ column: String, as type: Value?.Type = Value?.self) throws -> Value? {
        try decode(try index(of: column), as: type)
    }

    private func decode<Value: PostgresValue>(_ index: Int, as _: Value?.Type) throws -> Value? {
        let columns = rows.columns
        let cell = rows.cells[position * columns.names.count + index]
        guard cell.length >= 0 else { return nil }
        do {
            return try rows.bytes.withUnsafeBytes { bytes in
                let value = UnsafeRawBufferPointer(rebasing: bytes[cell.offset..<cell.offset + cell.length])
                return try Value(decoding: value, type: columns.types[index])
            }
        } catch {
            let reason = (error as? PostgresError)?.message ?? String(describing: error)
            throw PostgresError.decoding("column \"\(columns.names[index])\" as \(Value.self): \(reason)")
        }
    }

    private func index(of column: String) throws -> Int {
        guard let index = rows.columns.names.firstIndex(of: column) else {
            let names = rows.columns.names.map { "\"\($0)\"" }.joined(separator: ", ")
            throw PostgresError.decoding("there is no column \"\(column)\"; the statement returns \(names)")
        }
        return index
    }
}
