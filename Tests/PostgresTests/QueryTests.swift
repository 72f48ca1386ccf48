import Postgres
import Testing

/// Values become parameters, fragments keep theirs, and nothing else gets into the SQL.
@Suite struct QueryTests {
    @Test func valuesAreNumbered() {
        let query: Query = "select \(1), \("a") where \(Bool?.none)"
        #expect(query.sql == "select $1, $2 where $3")
    }

    @Test func fragmentsAreRenumbered() {
        let condition: Query = "a = \(1) and b = \("x")"
        let query: Query = "select \(0) where \(condition) or (\(fragment: condition)) limit \(5)"
        #expect(query.sql == "select $1 where a = $2 and b = $3 or (a = $4 and b = $5) limit $6")
    }

    @Test func namesAreQuoted() {
        let query: Query = "set role \(identifier: #"ev"il; drop"#)"
        #expect(query.sql == #"set role "ev""il; drop""#)
    }

    @Test func aPlainLiteralIsLeftAlone() {
        let query: Query = "select '$1', \"a\"\"b\""
        #expect(query.sql == "select '$1', \"a\"\"b\"")
    }

    @Test func fragmentsKeepTheirValues() async throws {
        try await withDatabase { database in
            let inner: Query = "\("two") || \(String?.none).x"
            #expect(inner.sql == "$1 || $2.x")
            let pair: Query = "\("b"), \(Int?.none), \([3, 4])"
            let row = try await database.read("select \("a"), \(pair), \("")").first
            #expect(row?.columnNames.count == 5)
            let text: String = try await database.value(
                "select concat_ws('/', \("a"), \(fragment: "\("b"), \(Int?.none), \(7)"), \(""), \("c"))")
            #expect(text == "a/b/7//c")
        }
    }
}
