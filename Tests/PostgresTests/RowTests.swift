import Foundation
import Postgres
import Testing

/// What does not decode says which column, what was wanted and what came.
@Suite struct RowTests {
    private func message(_ query: Query, _ decode: (Row) throws -> Void) async throws -> String {
        try await withDatabase { database in
            let rows = try await database.read(query)
            let error = try await failure { for row in rows { try decode(row) } }
            #expect(error.kind == .decoding)
            return error.message
        }
    }

    @Test func anAbsentColumnIsNamed() async throws {
        let message = try await message("select 1 as id, 2 as name") { _ = try $0["ids"] as Int }
        #expect(message == #"there is no column "ids"; the statement returns "id", "name""#)
    }

    @Test func nullIsToldApart() async throws {
        let message = try await message("select null::text as name") { _ = try $0["name"] as String }
        #expect(message == #"column "name" is null; decode it as String?"#)
    }

    @Test func anotherTypeIsNamed() async throws {
        let message = try await message("select 1::numeric as total") { _ = try $0.decode("total", as: Int.self) }
        let advice = "cast it in the statement or ask for another type"
        #expect(message == #"column "total" as Int: numeric does not decode as Int; "# + advice)
    }

    @Test(arguments: [
        ("select 'x' as v", "UUID"), ("select array[1]::int8[] as v", "UUID"), ("select 1::int8 as v", "Array<Int>"),
        ("select 1::bool as v", "String"), ("select now()::timestamp as v", "Timestamp"),
        ("select 1::text as v", "Bool"),
        ("select 1::int4 as v", "Double"), ("select 'a'::text as v", "Array<UInt8>"),
        ("select '{}'::text as v", "JSONText"),
    ]) func typesAreNotMixedUp(sql: String, wanted: String) async throws {
        let message = try await message(Query(stringLiteral: sql)) { row in
            switch wanted {
            case "UUID": _ = try row["v"] as UUID
            case "Array<Int>": _ = try row["v"] as [Int]
            case "String": _ = try row["v"] as String
            case "Timestamp": _ = try row["v"] as Timestamp
            case "Bool": _ = try row["v"] as Bool
            case "Double": _ = try row["v"] as Double
            case "Array<UInt8>": _ = try row["v"] as [UInt8]
            default: _ = try row["v"] as JSONText
            }
        }
        #expect(message.hasPrefix("column \"v\" as \(wanted): ") && message.contains("does not decode as \(wanted)"))
    }

    @Test func aNullElementIsPlaced() async throws {
        let message = try await message("select array['a', null] as v") { _ = try $0["v"] as [String] }
        #expect(message == #"column "v" as Array<String>: element 2 is null; decode as [String?]"#)
    }

    @Test func severalDimensionsAreRefused() async throws {
        let message = try await message("select '{{1,2},{3,4}}'::int8[] as v") { _ = try $0["v"] as [Int] }
        #expect(message.contains("int8[] has 2 dimensions"))
    }

    @Test func valuesOfRowsAreFoundByNameInEachRow() async throws {
        try await withDatabase { database in
            let rows = try await database.read(
                "select n, nullif(n, 2)::text as t from generate_series(1, 3) n order by n")
            #expect(rows.count == 3)
            #expect(try rows.map { try $0["n"] as Int } == [1, 2, 3])
            #expect(try rows.map { try $0["t"] as String? } == ["1", nil, "3"])
            #expect(try rows.last?.decode("t", as: String?.self) == "3")
            #expect(rows.first?.columnNames == ["n", "t"])
        }
    }
}
