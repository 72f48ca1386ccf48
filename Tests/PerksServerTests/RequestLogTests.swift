import Foundation
import HTTPTypes
import Logging
import Perks
import Postgres
import Synchronization
import Testing

@testable import PerksServer

@Suite struct RequestLogTests {
    @Test func everyRequestIsOneLineOfJSON() async throws {
        try await RunningServer.run { server in
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let made = try await server.send(
                "POST", "/v1/venues?limit=3", as: .operator, #"{"slug": "lv", "name": "hunter2"}"#,
                headers: [("X-Request-Id", "till-7"), ("Traceparent", "00-\(trace)-00f067aa0ba902b7-01")])
            #expect(made.status == 400, "there are no parameters")
            try await server.send("GET", "/v1/guests/twitter:hunter2")
            try await server.send("GET", "/v1/venues", as: nil, headers: [("Authorization", "Bearer hunter2")])
            try await server.send("GET", "/nowhere/hunter2")
            let lines = server.log.requests
            try #require(lines.count == 4)
            #expect(lines[0]["request_id"] == "till-7")
            #expect(lines[0]["trace_id"]?.string == trace)
            #expect(lines[0]["method"] == "POST")
            #expect(lines[0]["path"] == "/v1/venues")
            #expect(lines[0]["status"] == 400)
            #expect(lines[0]["role"] == "operator")
            #expect(lines[0]["brand"] == "palms")
            #expect(lines[0]["bytes"]?.int == made.body.count)
            #expect(lines[0]["level"] == "info")
            #expect(lines[0]["ts"]?.string.flatMap { Timestamp(rfc3339: $0) } != nil)
            if case .number? = lines[0]["duration_ms"] {} else { Issue.record("no duration") }
            #expect(lines[1]["path"] == "/v1/guests/{guest}")
            #expect(lines[1]["status"] == 404)
            #expect(lines[2]["role"] == nil)
            #expect(lines[2]["status"] == 401)
            #expect(lines[3]["path"] == nil)
            for line in server.log.all {
                for secret in ["hunter2", "Bearer", "perks_"] { #expect(!line.contains(secret)) }
            }
        }
    }

    @Test(arguments: [
        ("a", true), ("till-7/2026.11_21:~", true), (String(repeating: "x", count: 128), true),
        (String(repeating: "x", count: 129), false), ("two words", false), ("é", false),
    ])
    func aRequestIdIsEchoedOrMade(id: String, isEchoed: Bool) {
        let made = RequestRecord(.get, [.requestID: id], at: RunningServer.now).requestID
        #expect((made == id) == isEchoed)
        if !isEchoed { #expect(ID<RequestRecord>(made) != nil) }
    }

    @Test(arguments: [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
        // A later version may say more.
        ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", false), ("", false), ("nonsense", false),
    ])
    func aTraceIsTakenUpWhereItIsOne(header: String, isTaken: Bool) {
        let record = RequestRecord(.get, [.traceParent: header], at: RunningServer.now)
        #expect((record.metadata["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736") == isTaken)
        #expect((record.metadata["trace_id"] == nil) == !isTaken)
    }

    @Test func aLineIsValidJSONWhateverIsInIt() throws {
        let lines = LogLines()
        var logger = Logger(label: "test") { _ in JSONLogHandler(level: .debug, write: lines.append) }
        logger[metadataKey: "always"] = "there"
        let odd = "quote \" backslash \\ newline \n nul \u{0} bell \u{7} é 🎁"
        logger.debug(
            "\(odd)",
            metadata: [
                odd: "\(odd)", "list": ["1", .stringConvertible(2), [:]], "map": ["b": ["a": "c"]],
                "number": .stringConvertible(1.5), "infinite": .stringConvertible(Double.infinity),
            ])
        logger.trace("too fine")
        try #require(lines.all.count == 1)
        #expect(lines.all[0].hasPrefix(#"{"ts":"#))
        #expect(lines.all[0].hasSuffix("}\n"))
        #expect(lines.all[0].split(separator: "\n").count == 1)
        let json = try JSONValue(parsing: Data(lines.all[0].utf8))
        #expect(json["message"]?.string == odd)
        #expect(json[odd]?.string == odd)
        #expect(json["always"] == "there")
        #expect(json["list"] == ["1", 2, [:]])
        #expect(json["map"] == ["b": ["a": "c"]])
        #expect(json["number"] == .number(1.5))
        #expect(json["infinite"] == "inf")
    }

    @Test func whatWentWrongInsideIsInTheLog() async throws {
        try await RunningServer.run { server in
            try await server.backend.database.session { connection in
                try connection.script("reset role; alter table venue rename to venue_gone")
            }
            let answered = try await server.send("GET", "/v1/venues")
            #expect(answered.status == 500)
            let id = try #require(answered.json["request_id"]?.string)
            #expect(answered["X-Request-Id"] == id)
            let line = try #require(server.log.all.first { $0.contains("unexpected error") })
            #expect(line.contains(id))
            #expect(line.contains("42P01"))
            #expect(line.contains(#""level":"error""#))
        }
    }
}
