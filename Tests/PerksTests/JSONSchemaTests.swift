import Foundation
import Testing

@testable import Perks

@Suite struct JSONSchemaTests {
    /// A schema, a value, and the faults it should find, each as its pointer and its code.
    struct Case: Sendable, CustomTestStringConvertible {
        let schema: JSONSchema
        let json: String
        let faults: [String]

        init(_ schema: JSONSchema, _ json: String, _ faults: String...) {
            (self.schema, self.json, self.faults) = (schema, json, faults)
        }

        var testDescription: String { "\(json) → \(faults)" }
    }

    private static let person = JSONSchema.object([
        .required("name", .string(1...5)), .optional("age", .integer(0...150)),
        .optional("tags", .array(of: .word(["a", "b"]), 1...2)),
    ])

    static let scalars: [Case] = [
        Case(.string(2...3), #""ab""#), Case(.string(2...3), #""abc""#), Case(.string(2...3), #""a""#, " wrong_length"),
        Case(.string(2...3), #""abcd""#, " wrong_length"), Case(.string(0...3), #""""#),
        Case(.string(), "1", " wrong_type"), Case(.string(), "null", " wrong_type"),
        Case(.string(), #""a\u0000b""#, " wrong_format"), Case(.string(1...3), #""été""#),
        // As JSON Schema counts: by code points, of which this family has five.
        Case(.string(1...4), #""👨‍👩‍👧""#, " wrong_length"), Case(.string(5...5), #""👨‍👩‍👧""#),
        Case(.word(["on", "off"]), #""on""#), Case(.word(["on", "off"]), #""On""#, " unknown_word"),
        Case(.word(["on", "off"]), "true", " wrong_type"),
        Case(.integer(1...100), "1"), Case(.integer(1...100), "100"), Case(.integer(1...100), "1e2"),
        Case(.integer(1...100), "15.0"), Case(.integer(1...100), "0", " out_of_range"),
        Case(.integer(1...100), "101", " out_of_range"), Case(.integer(1...100), "-1", " out_of_range"),
        Case(.integer(1...100), "1.5", " wrong_type"),
        Case(.integer(1...100), "1.00000000000000000000000001", " wrong_type"),
        Case(.integer(1...100), "1e30", " out_of_range"),
        Case(.integer(1...100), "18446744073709551617", " out_of_range"),
        Case(.integer(1...100), #""1""#, " wrong_type"), Case(.integer(0...1), "true", " wrong_type"),
        Case(.integer(0...Int.max), "9223372036854775807"),
        Case(.integer(0...Int.max), "9223372036854775808", " out_of_range"),
        Case(.number(0...1), "0.5"), Case(.number(0...1), "1"), Case(.number(0...1), "1.01", " out_of_range"),
        Case(.number(0...1), "-0.01", " out_of_range"), Case(.number(0...1), "false", " wrong_type"),
        Case(.boolean, "true"), Case(.boolean, "false"), Case(.boolean, "0", " wrong_type"),
        Case(.boolean, #""true""#, " wrong_type"), Case(.boolean, "null", " wrong_type"),
    ]

    static let structures: [Case] = [
        Case(.array(of: .integer(0...9), 1...3), "[1,2,3]"), Case(.array(of: .boolean, 1...3), "[]", " wrong_length"),
        Case(.array(of: .boolean, 1...3), "[true,true,true,true]", " wrong_length"),
        Case(.array(of: .integer(0...9)), #"[1,10,"x"]"#, "/1 out_of_range", "/2 wrong_type"),
        Case(.array(of: .boolean), "{}", " wrong_type"),
        Case(person, #"{"name":"Ana"}"#), Case(person, #"{"name":"Ana","age":null,"tags":["a","b"]}"#),
        Case(person, "{}", "/name missing"), Case(person, #"{"name":null}"#, "/name wrong_type"),
        Case(person, #"{"name":"Ana","age":"8"}"#, "/age wrong_type"), Case(person, "[]", " wrong_type"),
        Case(person, #"{"name":"","tags":["c"]}"#, "/name wrong_length", "/tags/0 unknown_word"),
        Case(person, #"{"Name":"Ana","zip":1}"#, "/name missing", "/Name unknown_field", "/zip unknown_field"),
        Case(
            person, #"{"name":"Ana","a/b":1,"c~d":2,"~1":3}"#, "/a~1b unknown_field", "/c~0d unknown_field",
            "/~01 unknown_field"),
        Case(person, #"{"name":"Ana","":1}"#, "/ unknown_field"),
        Case(.map(of: .integer(0...9)), #"{"x":1,"y":2}"#),
        Case(
            .map(of: .integer(0...9)), #"{"z":"a","y/z":10,"x":1,"a":-1}"#, "/a out_of_range", "/y~1z out_of_range",
            "/z wrong_type"),
        Case(.map(of: .boolean), "[]", " wrong_type"),
        Case(.nullable(.boolean), "null"), Case(.nullable(.boolean), "true"),
        Case(.nullable(.boolean), "1", " wrong_type"),
        Case(.anything, "null"), Case(.anything, #"[{"a":1}]"#),
        Case(.rule, #"{"score":{"min":60}}"#), Case(.rule, #""score >= 60""#, " wrong_type"),
        Case(.named("Person") { person }, #"{"name":"Ana"}"#),
        Case(.array(of: .named("Person") { person }), #"[{"name":"Ana"},{}]"#, "/1/name missing"),
        Case(.any([.boolean, .integer(0...9)]), "true"), Case(.any([.boolean, .integer(0...9)]), "5"),
        Case(.any([.boolean, .integer(0...9)]), "10", " out_of_range"),
        Case(.any([.boolean, .integer(0...9)]), #""x""#, " wrong_type"),
        Case(.any([person, .object([.required("id", .string())])]), #"{"id":1}"#, "/id wrong_type"),
    ]

    /// The alternative that comes closest is the one that is spoken of.
    static let alternatives: [Case] = [
        Case(Boundary.schema, #""2026-11-21""#), Case(Boundary.schema, #""2026-11-21T19:02:11Z""#),
        Case(Boundary.schema, #""2026-11-31""#, " wrong_format"),
        Case(Boundary.schema, #""2026-11-21T25:00:00Z""#, " wrong_format"), Case(Boundary.schema, "5", " wrong_type"),
        Case(Benefit.schema, #"{"kind":"percent_off","percent":15}"#),
        Case(Benefit.schema, #"{"kind":"upgrade","item":"x"}"#),
        Case(Benefit.schema, #"{"kind":"percent_off","percent":101}"#, "/percent out_of_range"),
        Case(Benefit.schema, #"{"kind":"amount_off","amount":5}"#, "/currency missing"),
        Case(Benefit.schema, #"{"kind":"amount_off","amount":5,"currency":"usd"}"#, "/currency wrong_format"),
        Case(Benefit.schema, #"{"kind":"points","points":5,"x":1}"#, "/x unknown_field"),
        Case(Benefit.schema, #"{"kind":"free_item","item":5}"#, "/item wrong_type"),
    ]

    @Test(arguments: scalars + structures + alternatives)
    func faultsAreFoundAtTheirPlaces(_ test: Case) throws {
        let violations = test.schema.violations(in: try JSONValue(parsing: Data(test.json.utf8)))
        #expect(violations.map { "\($0.pointer) \($0.code)" } == test.faults)
        #expect(violations.allSatisfy { $0.detail.hasSuffix(".") })
    }

    @Test func theDetailSaysWhatIsExpected() throws {
        func detail(_ schema: JSONSchema, _ json: String) throws -> [String] {
            schema.violations(in: try JSONValue(parsing: Data(json.utf8))).map(\.detail)
        }
        #expect(try detail(.string(2...3), #""a""#) == ["Must have 2 to 3 characters."])
        #expect(try detail(.country, #""USA""#) == ["Must have 2 characters."])
        #expect(try detail(.array(of: .boolean, 1...2), "[]") == ["Must have 1 to 2 entries."])
        #expect(try detail(.word(["on", "off"]), #""x""#) == ["Must be one of on, off."])
        #expect(try detail(.integer(1...9), "0") == ["Must be from 1 to 9."])
        #expect(try detail(.any([.boolean, .integer(0...9)]), #""x""#) == ["Must be true or false or a whole number."])
        #expect(try detail(.nullable(.boolean), "1") == ["Must be true or false."])
        #expect(
            try detail(Self.person, #"{"name":"a","nam":1}"#) == [
                "There is no field nam here; there are name, age, tags."
            ])
        #expect(try detail(Self.person, "{}") == ["name is required."])
    }

    @Test func atMostTwentyFaultsAreListed() {
        let values = JSONValue.array(Array(repeating: .string("x"), count: 30))
        let violations = JSONSchema.array(of: .boolean).violations(in: values)
        #expect(violations.map(\.pointer) == (0..<20).map { "/\($0)" })
        let members = Dictionary(uniqueKeysWithValues: (10..<40).map { ("k\($0)", JSONValue.null) })
        #expect(JSONSchema.object([]).violations(in: .object(members)).map(\.pointer) == (10..<30).map { "/k\($0)" })
        #expect(
            JSONSchema.map(of: .boolean).violations(in: .object(members)).map(\.pointer) == (10..<30).map { "/k\($0)" })
    }

    @Test func aRequestIsHeldAgainstItsSchema() throws {
        let good = JSONValue.object([
            "slug": .string("spa"), "name": .string("Spa"),
            "benefit": .object(["kind": .string("points"), "points": .number(5)]),
        ])
        #expect(try Perk.Draft(validating: good).benefit == .points(points: 5))
        let error = try #require(throws: PerksError.self) {
            try Perk.Draft(validating: .object(["slug": .string("Spa"), "benefit": .null, "nam": .null]))
        }
        #expect(error.code == .invalidRequest)
        #expect(error.detail == "The input has 4 faults.")
        #expect(error.violations.map(\.pointer) == ["/slug", "/name", "/benefit", "/nam"])
    }
}

@Suite struct PatternTests {
    static let good: [(schema: JSONSchema, texts: [String])] = [
        (.slug, ["a", "suite-upgrade", "3dtv", "-", String(repeating: "a", count: 63)]),
        (.name, ["Ana", " a ", "東京", String(repeating: "n", count: 200)]), (.country, ["US", "QC"]),
        (.currency, ["USD"]),
        (.timeZone, ["UTC", "America/Los_Angeles", "America/Port-au-Prince", "Etc/GMT+5"]),
        (.date, ["2026-11-21", "2024-02-29", "0001-01-01"]),
        (.timestamp, ["2026-11-21T19:02:11Z", "2026-11-21t19:02:11.123456-08:00"]),
        (.webAddress, ["https://palms.example/opening", "http://127.0.0.1:8080/?a=b#c", "https://palms.example"]),
        (.id(of: Perk.self), ["perk_01h455vb4pex5vsknk084sn02q"]),
        (.id(of: CheckIn.self), ["check_in_01h455vb4pex5vsknk084sn02q"]),
    ]

    static let bad: [(schema: JSONSchema, texts: [String])] = [
        (.slug, ["", "A", "a b", "a_b", "é", "a/b", "a\n", String(repeating: "a", count: 64)]),
        (.name, ["", " ", "\t\n", "\u{3000}", String(repeating: "n", count: 201)]),
        (.country, ["", "us", "USA", "U1", "É"]), (.currency, ["usd", "US", "EURO", "€", "U$D"]),
        (.timeZone, ["", "PST", "GMT+2", "+02:00", "America/Atlantis", "America/Los Angeles"]),
        (.date, ["", "2026-02-29", "2026-11-21T", "21.11.2026", "2026-1-01", "20261121xx"]),
        (.timestamp, ["2026-11-21", "2026-11-21T19:02:11", "2026-11-21T25:02:11Z"]),
        (
            .webAddress,
            [
                "palms.example", "ftp://palms.example", "https://", "javascript:alert(1)", "https:palms.example",
                "https://user:secret@palms.example/",
            ]
        ),
        (
            .id(of: Perk.self),
            [
                "", "perk", "venue_01h455vb4pex5vsknk084sn02q", "perk_81h455vb4pex5vsknk084sn02q",
                "perk_01H455VB4PEX5VSKNK084SN02Q",
            ]
        ),
    ]

    @Test(arguments: good) func goodTextFits(schema: JSONSchema, texts: [String]) throws {
        guard case .string(_, let pattern?) = schema else { throw Failure.noPattern }
        // What the document tells callers must allow whatever is allowed here.
        let expression = try NSRegularExpression(pattern: pattern.expression)
        for text in texts {
            #expect(schema.violations(in: .string(text)).isEmpty, "\(text)")
            #expect(expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil, "\(text)")
        }
    }

    @Test(arguments: bad) func otherTextDoesNot(schema: JSONSchema, texts: [String]) {
        for text in texts {
            #expect(schema.violations(in: .string(text)).count == 1, "\(text)")
        }
    }

    private enum Failure: Error { case noPattern }
}
