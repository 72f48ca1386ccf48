import Foundation
import Postgres
import Testing

/// What goes to PostgreSQL comes back unchanged, and is what PostgreSQL itself takes it for.
@Suite struct ValueTests {
    private func roundTrip<Value: PostgresValue & Equatable>(_ values: [Value]) async throws {
        try await withDatabase { database in
            for value in values {
                let returned: Value = try await database.value("select \(value) as value")
                #expect(returned == value)
            }
            let nothing: Value? = try await database.read("select \(Value?.none) as value").first?["value"]
            #expect(nothing == nil)
        }
    }

    private func expect<Value: PostgresValue & Equatable>(
        _ database: Database, _ query: Query, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let value: Value = try await database.value(query)
        #expect(value == expected, sourceLocation: sourceLocation)
    }

    @Test func booleansComeBack() async throws { try await roundTrip([true, false]) }

    @Test func integersComeBack() async throws { try await roundTrip([0, 1, -1, .max, .min, 4_294_967_296]) }

    @Test func floatingPointNumbersComeBack() async throws {
        try await roundTrip([0, -0.1, .pi, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
    }

    @Test func textComesBack() async throws {
        try await roundTrip([
            "", " ", "'\"\\$1; drop table x --", "Grüße, 東京 👩‍👩‍👧‍👦", "e\u{301}", "\u{10FFFF}",
            String(repeating: "long ", count: 200_000),
        ])
    }

    @Test func identifiersComeBack() async throws { try await roundTrip([UUID(), UUID(uuid: UUID_NULL)]) }

    @Test func bytesComeBack() async throws { try await roundTrip([[], [0], Array(0...255)] as [[UInt8]]) }

    @Test func momentsComeBack() async throws {
        let ends: [Int64] = [-210_866_803_200_000_000, 9_223_371_331_199_999_999, .max, .min]
        try await roundTrip(([0, 1, -1, 1_700_000_000_123_456] + ends).map(Timestamp.init(microseconds:)))
    }

    @Test func arraysComeBack() async throws {
        try await roundTrip([[], [1], [.min, 0, .max]] as [[Int]])
        try await roundTrip([[], ["", "NULL", "{a,\"b\"}", "ü"]] as [[String]])
        try await roundTrip([[UUID(), UUID()]])
        try await roundTrip([[true, false]])
        try await roundTrip([[1.5, -.infinity]])
        try await roundTrip([[[], [0, 1]]] as [[[UInt8]]])
        try await roundTrip([[Timestamp(microseconds: 5)]])
        try await roundTrip([[nil, "", "NULL", nil], [nil], []] as [[String?]])
        try await roundTrip([[1, nil, 3]] as [[Int?]])
    }

    @Test func jsonComesBackAsPostgreSQLWritesIt() async throws {
        try await withDatabase { database in
            let json = JSONText(text: #"{"b": [1, null, "ü"], "a": {}}"#)
            let asJSONB: JSONText = try await database.value("select \(json)")
            #expect(asJSONB.text == #"{"a": {}, "b": [1, null, "ü"]}"#)
            let asJSON: JSONText = try await database.value("select '{ \"a\":1}'::json")
            #expect(asJSON.text == #"{ "a":1}"#)
            let asText: String = try await database.value("select \(json)")
            #expect(asText == asJSONB.text)
            let column: JSONText = try await database.value("select \(json)->'b'")
            #expect(column.text == #"[1, null, "ü"]"#)
        }
    }

    /// PostgreSQL's own rendering of what was sent, lest an error in both directions cancel itself out.
    @Test func postgreSQLReadsWhatWasMeant() async throws {
        try await withDatabase { database in
            let moment = Timestamp(microseconds: 951_827_696_789_012)
            try await expect(database, "select \(moment)::text", "2000-02-29 12:34:56.789012+00")
            try await expect(database, "select \(Timestamp(microseconds: .max))::text", "infinity")
            try await expect(database, "select \(Timestamp(microseconds: .min))::text", "-infinity")
            try await expect(database, "select \([1, nil, 3])::text", "{1,NULL,3}")
            try await expect(database, "select \(["a b", ""])::text", #"{"a b",""}"#)
            try await expect(database, "select \(1.5)::text", "1.5")
            try await expect(database, "select \([UInt8](arrayLiteral: 1, 255))::text", "\\x01ff")
            try await expect(database, "select \([String]())::text", "{}")
            let id = UUID()
            try await expect(database, "select \(id)::text", id.uuidString.lowercased())
        }
    }

    @Test func relatedTypesDecode() async throws {
        try await withDatabase { database in
            try await database.transaction { connection in
                try connection.script("create type mood as enum ('happy', 'sad'); create domain short as varchar(9)")
            }
            try await expect(database, "select 7::int2", 7)
            try await expect(database, "select -7::int4", -7)
            try await expect(database, "select 4294967295::oid", 4_294_967_295)
            try await expect(database, "select 0.5::float4", 0.5)
            try await expect(database, "select 'v'::varchar(3)", "v")
            try await expect(database, "select 'n'::name", "n")
            try await expect(database, "select 'happy'::mood", "happy")
            try await expect(database, "select 'd'::short", "d")
            try await expect(database, "select array['sad', 'happy']::mood[]", ["sad", "happy"])
            try await expect(database, "select array[1, 2]::int4[]", [1, 2])
            try await expect(database, "select '[5:6]={1,2}'::int8[]", [1, 2])
            try await expect(database, "select \("sad")::mood", "sad")
        }
    }

    @Test func nowIsTheServersNow() async throws {
        try await withDatabase { database in
            let before = Timestamp.now()
            let there: Timestamp = try await database.value("select clock_timestamp()")
            let after = Timestamp.now()
            #expect(before <= there && there <= after)
        }
    }
}

private let UUID_NULL: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
