/// SQL written as a string literal whose interpolated values become parameters.
///
/// `"select name from venue where id = \(id)"` is sent as `select name from venue where id = $1`. There is no way to splice
/// a string into the SQL: `\(identifier: name)` quotes a name, `\(fragment: query)` joins another query with its values.
package struct Query: ExpressibleByStringInterpolation, Sendable {
    /// One value, encoded: its type and where it lies in `bytes`; no place for null.
    struct Parameter: Sendable {
        var type: UInt32
        var place: Range<Int>?
    }

    /// The SQL before, between and after the parameters: always one piece more than there are parameters.
    private(set) var pieces: [String]
    private(set) var parameters: [Parameter] = []
    private(set) var bytes: [UInt8] = []

    package init(stringLiteral sql: String) {
        pieces = [sql]
    }

    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.query
    }

    /// The SQL with `$1`, `$2` … where the values stand.
    package var sql: String {
        guard pieces.count > 1 else { return pieces[0] }
        var sql = pieces[0]
        for (number, piece) in pieces.enumerated().dropFirst() {
            sql += "$\(number)"
            sql += piece
        }
        return sql
    }

    private mutating func append(sql: String) {
        pieces[pieces.count - 1] += sql
    }

    private mutating func append(_ value: (some PostgresValue)?, type: PostgresType) {
        var place: Range<Int>?
        if let value {
            let start = bytes.count
            value.encode(into: &bytes)
            place = start..<bytes.count
        }
        parameters.append(Parameter(type: type.oid, place: place))
        pieces.append("")
    }

    private mutating func append(_ other: Query) {
        let shift = bytes.count
        append(sql: other.pieces[0])
        pieces += other.pieces.dropFirst()
        bytes += other.bytes
        parameters += other.parameters.map { parameter in
            Parameter(
                type: parameter.type, place: parameter.place.map { $0.lowerBound + shift..<$0.upperBound + shift })
        }
    }

    /// Collects the pieces of a literal.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var query = Query(stringLiteral: "")

        package init(literalCapacity: Int, interpolationCount: Int) {
            query.pieces.reserveCapacity(interpolationCount + 1)
            query.parameters.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            query.append(sql: literal)
        }

        /// Adds a value as a parameter.
        package mutating func appendInterpolation<Value: PostgresValue>(_ value: Value) {
            query.append(value, type: Value.postgresType)
        }

        /// Adds a value, or null, as a parameter.
        package mutating func appendInterpolation<Value: PostgresValue>(_ value: Value?) {
            query.append(value, type: Value.postgresType)
        }

        /// Splices another query, its parameters renumbered.
        package mutating func appendInterpolation(_ fragment: Query) {
            query.append(fragment)
        }

        /// Splices another query, its parameters renumbered.
        package mutating func appendInterpolation(fragment: Query) {
            query.append(fragment)
        }

        /// Adds the quoted name of a table, a column, a role and the like.
        package mutating func appendInterpolation(identifier: String) {
            query.append(sql: Query.quoted(identifier: identifier))
        }
    }

    /// A name in double quotes, so that no character in it is read as SQL.
    static func quoted(identifier: String) -> String {
        let characters = identifier.unicodeScalars.filter { $0 != "\0" }.map { $0 == "\"" ? "\"\"" : String($0) }
        return "\"\(characters.joined())\""
    }
}
