import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct JSONValueTests {
    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Data(text.utf8)) }

    private func text(_ value: JSONValue) -> String { JSON.text(value).text }

    /// The table of RFC 7396, appendix A: original, patch, result.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, #"null"#, #"null"#),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#), (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#),
        (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        // And what the table leaves out.
        (#"{"a":{"b":1,"c":2}}"#, #"{"a":{"c":3}}"#, #"{"a":{"b":1,"c":3}}"#), (#"{"a":1}"#, #"{}"#, #"{"a":1}"#),
    ])
    func patchesAreMerged(original: String, patch: String, result: String) throws {
        #expect(try json(original).merging(json(patch)) == json(result))
    }

    @Test(arguments: [
        "null", "true", "false", "0", "1", "-1", "\"\"", "\"a/b\"", "[]", "{}", "[[],{},null]", "[true,1,0,false]",
        #"{"a":{"b":[1,"2",null]},"~/":"\\\"\n","é":"🎰"}"#, "\"\\u0000\"", "\"null\"",
    ])
    func whatIsReadIsWritten(text json: String) throws {
        #expect(text(try self.json(json)) == json)
    }

    @Test func membersAreInOrderAndWhiteSpaceGoes() throws {
        #expect(text(try json(" { \"b\" : 1 ,\n\"a\" : [ 2 , 3 ] } ")) == #"{"a":[2,3],"b":1}"#)
    }

    @Test(arguments: [
        ("0.1", "0.1"), ("77.69", "77.69"), ("-0.01", "-0.01"), ("1.10", "1.1"), ("1e2", "100"), ("15.0", "15"),
        ("1E-2", "0.01"), ("2.5e3", "2500"), ("9007199254740993", "9007199254740993"), ("-0", "0"),
        ("9223372036854775807", "9223372036854775807"), ("12345678901234567890.12", "12345678901234567890.12"),
        ("0.12345678901234567890123456789", "0.12345678901234567890123456789"),
        ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
    ])
    func decimalsAreExact(written: String, expected: String) throws {
        #expect(text(try json(written)) == expected)
        #expect(try json(written) == .number(#require(Decimal(string: expected))))
    }

    @Test(arguments: [
        "", " ", "{", "nul", "NULL", "tru", "01", "+1", ".5", "1.", "NaN", "Infinity", "'a'",
        "{a:1}",
        "\"a", "\"\\ud800\"", "\"\\x\"", "\"\n\"", "1 2", "{} {}", "[1 2]", "{\"a\" 1}", "// hi\n1", "\u{0}",
    ])
    func otherTextIsRefused(text: String) throws {
        let error = try #require(throws: PerksError.self) { try json(text) }
        #expect(error.code == .invalidRequest)
        #expect(error.violations.map(\.code) == ["invalid_json"])
        #expect(error.violations.map(\.pointer) == [""])
        #expect(error.detail.hasPrefix("The body is not valid JSON."))
        for word in ["Swift", "Decod", "JSONValue", "Error", "Optional"] {
            #expect(!error.detail.contains(word), "\(error.detail)")
        }
        #expect(error.detail.hasSuffix("."))
    }

    @Test(arguments: [
        ("[1 2]", "character 3."), ("{\"a\": nil}", "character 7."), ("{", "Unexpected end of file"),
        ("[1e999]", "1e999"),
        ("1e200", "out of range"), (String(repeating: "[", count: 600), "Too many nested"),
    ])
    func theErrorSaysWhere(text: String, words: String) throws {
        let error = try #require(throws: PerksError.self) { try json(text) }
        #expect(error.detail.contains(words), "\(error.detail)")
    }

    @Test(arguments: [[UInt8]([0x22, 0xFF, 0x22]), [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]])
    func invalidUTF8IsRefused(bytes: [UInt8]) {
        #expect(throws: PerksError.self) { try JSONValue(parsing: Data(bytes)) }
    }

    /// Not a crash; the stack of a task is small.
    @Test(arguments: [
        String(repeating: "[", count: 100_000),
        String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000),
        String(repeating: "{\"a\":", count: 100_000) + "1" + String(repeating: "}", count: 100_000),
        String(repeating: "[", count: 600) + String(repeating: "]", count: 600),
    ])
    func whatIsTooDeepIsRefused(text: String) async throws {
        let error = await Task.detached { () -> PerksError? in
            do throws(PerksError) {
                _ = try JSONValue(parsing: Data(text.utf8))
                return nil
            } catch {
                return error
            }
        }.value
        #expect(error?.code == .invalidRequest)
    }

    @Test func theDeepestThatIsReadIsWrittenMergedAndCompared() async throws {
        let deep = String(repeating: "{\"a\":", count: 250) + "[1]" + String(repeating: "}", count: 250)
        let isUnchanged = try await Task.detached {
            let value = try JSONValue(parsing: Data(deep.utf8))
            let merged = value.merging(value)
            return merged == value && JSON.text(merged).text == deep
        }.value
        #expect(isUnchanged)
    }

    @Test func valuesAreDecodedFromItAndEncodedToIt() throws {
        let allowance = Perk.Allowance(limit: 2, period: .day)
        let value = try JSONValue(of: allowance)
        #expect(value == .object(["limit": .number(2), "period": .string("day")]))
        #expect(try value.decode(as: Perk.Allowance.self) == allowance)
        #expect(value["limit"] == .number(2))
        #expect(value["rank"] == nil)
        #expect(value.members.count == 2)
        #expect(JSONValue.null["limit"] == nil)
        #expect(JSONValue.array([value]).members.isEmpty)
    }
}
