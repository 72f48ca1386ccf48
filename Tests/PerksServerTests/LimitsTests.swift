import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Perks
import Testing

@testable import PerksServer

@Suite(.timeLimit(.minutes(30))) struct LimitsTests {
    private static let venue = #"{"slug": "lv", "name": "Las Vegas"}"#

    @Test func aBodyTooLargeIsRefusedAnnouncedOrNot() async throws {
        try await RunningServer.run { server in
            let large = #"{"slug": "lv", "name": ""# + String(repeating: "x", count: 10_000_000) + #""}"#
            let announced = server.post("/v1/venues", length: large.utf8.count)
            let chunked = announced.replacing(/Content-Length: \d+/, with: "Transfer-Encoding: chunked")
            for request in [announced + large, chunked + "989680\r\n" + large] {
                try await RawConnection.open(to: server.port) { connection in
                    try await connection.send(request)
                    let heard = try await connection.hearEnd()
                    #expect(heard.hasPrefix("HTTP/1.1 413"))
                    #expect(heard.contains(#""code":"payload_too_large""#))
                    #expect(heard.lowercased().contains("connection: close"))
                }
            }
            let small = try await server.send("POST", "/v1/venues", Self.venue)
            #expect(small.status == 201)
        }
    }

    @Test func theLargestBodyIsTaken() async throws {
        try await RunningServer.run(.init(maximumBodySize: 1000)) { server in
            let exact = Self.venue + String(repeating: " ", count: 1000 - Self.venue.utf8.count)
            let larger = try await server.send("POST", "/v1/venues", exact + " ")
            #expect(larger.status == 413)
            let largest = try await server.send("POST", "/v1/venues", exact)
            #expect(largest.status == 201)
        }
    }

    @Test func aLongUploadThatIsRefusedEndsItsConnection() async throws {
        try await RunningServer.run(.init(idleTimeout: .seconds(3600))) { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send(
                    "POST /v1/guest-imports HTTP/1.1\r\nHost: perks\r\nContent-Type: text/csv\r\n"
                        + "Content-Length: 1000000000\r\n\r\nnetwork,handle\r\n")
                let heard = try await connection.hearEnd()
                #expect(heard.hasPrefix("HTTP/1.1 401"))
                #expect(heard.lowercased().contains("connection: close"))
            }
        }
    }

    @Test func fewerBytesThanAnnouncedAreNoWholeBody() async throws {
        let head = HTTPRequest(
            method: .post, scheme: nil, authority: nil, path: "/",
            headerFields: [.contentLength: "3", .contentType: "application/json"])
        for (text, isWhole) in [("{}", false), ("{ }", true)] {
            let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: text)))
            let json = try? await request.content(for: .json(.anything), limit: 100)
            #expect((json != nil) == isWhole)
            let stream = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: text)))
            var bytes: [UInt8]? = []
            do {
                for try await chunk in Upload(stream, type: "text/csv") { bytes? += chunk }
            } catch let error as PerksError {
                #expect(error.code == .invalidRequest)
                bytes = nil
            }
            #expect((bytes != nil) == isWhole)
        }
    }

    @Test func aSenderWhoHangsUpOnARefusalIsNoMalformedRequest() async throws {
        var log: LogLines?
        try await RunningServer.run { server in
            log = server.log
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send(
                    "POST /v1/guest-imports HTTP/1.1\r\nHost: perks\r\nContent-Type: text/csv\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n3\r\na,b\r\n")
                #expect(try await connection.hear("unauthenticated").hasPrefix("HTTP/1.1 401"))
            }
        }
        // Once the server has stopped, it has seen the connection end.
        let lines = try #require(log?.all)
        #expect(lines.count { $0.contains(#""status":"#) } == 1)
        #expect(!lines.contains { $0.contains("malformed_request") })
    }

    @Test func aRequestThatNeverEndsIsGivenUp() async throws {
        try await RunningServer.run(.init(requestTimeout: .milliseconds(200))) { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send(server.post("/v1/venues", length: 1000) + #"{"slug": "lv","#)
                let heard = try await connection.hearEnd()
                #expect(heard.hasPrefix("HTTP/1.1 408"))
                #expect(heard.contains(#""code":"request_timeout""#))
            }
            #expect(try await server.send("GET", "/v1/venues").json["data"] == [])
        }
    }

    @Test func aConnectionThatSaysNothingIsClosed() async throws {
        try await RunningServer.run(.init(idleTimeout: .seconds(2))) { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send("GET /healthz HT")
                #expect(try await connection.hearEnd().isEmpty)
            }
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: perks\r\n\r\n")
                #expect(try await connection.hearEnd().hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    @Test(arguments: [
        ("\u{1}\u{2}\u{3}\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "400"),
        ("HELO perks\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: perks\r\nContent-Length: -1\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: perks\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n", "431"),
        ("GET /healthz HTTP/1.1\r\n\(String(repeating: "X: y\r\n", count: 200))\r\n", "431"),
    ])
    func whatIsNotHTTPIsAProblemToo(text: String, status: String) async throws {
        try await RunningServer.run { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send(text)
                let heard = try await connection.hearEnd()
                #expect(heard.hasPrefix("HTTP/1.1 \(status)"), "\(heard)")
                #expect(heard.lowercased().contains("content-type: application/problem+json"))
                #expect(heard.lowercased().contains("connection: close"))
            }
            #expect(try await server.send("GET", "/healthz").status == 200)
        }
    }

    @Test func aSenderThatWaitsIsToldToGoOn() async throws {
        try await RunningServer.run { server in
            try await RawConnection.open(to: server.port) { connection in
                let head = server.post("/v1/venues", length: Self.venue.utf8.count)
                try await connection.send(head.dropLast() + "Expect: 100-continue\r\n\r\n")
                #expect(try await connection.hear("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await connection.send(Self.venue)
                #expect(try await connection.hear("Las Vegas").contains("HTTP/1.1 201"))
            }
        }
    }

    @Test func requestsOnOneConnectionAreAnsweredInTurn() async throws {
        try await RunningServer.run { server in
            try await RawConnection.open(to: server.port) { connection in
                let get = "GET /healthz HTTP/1.1\r\nHost: perks\r\n\r\n"
                let post = server.post("/v1/venues", length: Self.venue.utf8.count) + Self.venue
                try await connection.send(get + post + get)
                let heard = try await connection.hear(#"{"status":"up"}"#, times: 2)
                #expect(heard.components(separatedBy: "HTTP/1.1 200").count == 3)
                #expect(heard.contains("HTTP/1.1 201"))
            }
        }
    }

    @Test(arguments: [
        ("", "invalid_json"), ("{", "invalid_json"), (#"{"slug": "lv",, }"#, "invalid_json"), ("[]", "wrong_type"),
        (#""text""#, "wrong_type"), ("null", "wrong_type"), (#"{"slug": "lv"}"#, "missing"),
        (#"{"slug": "lv", "name": "Las Vegas", "colour": "red"}"#, "unknown_field"),
        (#"{"slug": "Las Vegas", "name": "Las Vegas"}"#, "wrong_format"), (#"{"slug": "lv", "name": 7}"#, "wrong_type"),
        (#"{"slug": "lv", "name": "a\u0000b"}"#, "wrong_format"),
        (String(repeating: "[", count: 5000), "invalid_json"),
    ])
    func aBodyThatDoesNotFitIsRefusedWithItsFault(body: String, fault: String) async throws {
        try await RunningServer.run { server in
            let answered = try await server.send("POST", "/v1/venues", body)
            #expect(answered.status == 400)
            #expect(answered.code == "invalid_request")
            #expect(answered.json["errors"]?.array.contains { $0["code"]?.string == fault } == true, "\(answered.text)")
        }
    }

    @Test func everyFaultIsListedWithItsPlace() async throws {
        try await RunningServer.run { server in
            let answered = try await server.send("POST", "/v1/venues", #"{"slug": "L V", "country": "usa", "~/": 1}"#)
            let pointers = answered.json["errors"]?.array.compactMap { $0["pointer"]?.string } ?? []
            #expect(Set(pointers) == ["/slug", "/name", "/country", "/~0~1"])
        }
    }

    @Test(arguments: [
        ("text/plain", 415), ("application/jsonp", 415), ("application/json; charset=latin1", 415), ("", 415),
        ("application/merge-patch+json", 415), ("application/json", 201), ("APPLICATION/JSON; Charset=UTF-8", 201),
        ("application/json;charset=\"utf-8\"", 201), ("application/json; profile=x", 201),
    ])
    func aMediaTypeIsCheckedBeforeTheBody(type: String, status: Int) async throws {
        try await RunningServer.run { server in
            let answered = try await server.send("POST", "/v1/venues", Self.venue, headers: [("Content-Type", type)])
            #expect(answered.status == status)
            if status == 415 { #expect(answered.code == "unsupported_media_type") }
        }
    }

    @Test(arguments: [
        ("colour=red", "colour", "unknown_parameter"), ("limit=0", "limit", "out_of_range"),
        ("limit=201", "limit", "out_of_range"), ("limit=ten", "limit", "wrong_type"), ("limit=", "limit", "wrong_type"),
        ("limit=1&limit=2", "limit", "repeated"), ("status=odd", "status", "unknown_word"),
        ("%zz=1", "%zz=1", "wrong_format"),
        ("limit=99999999999999999999", "limit", "wrong_type"),
    ])
    func aQueryThatDoesNotFitIsRefusedWithItsFault(query: String, pointer: String, fault: String) async throws {
        try await RunningServer.run { server in
            try await RawConnection.open(to: server.port) { connection in
                let key = server.headers(.owner)[0]
                try await connection.send(
                    "GET /v1/campaigns?\(query) HTTP/1.1\r\nHost: perks\r\n\(key.0): \(key.1)\r\n"
                        + "Connection: close\r\n\r\n"
                )
                let heard = try await connection.hearEnd()
                let json = try JSONValue(parsing: Data(heard.components(separatedBy: "\r\n\r\n")[1].utf8))
                #expect(heard.hasPrefix("HTTP/1.1 400"))
                #expect(json["errors"]?.array.first?["pointer"]?.string == pointer)
                #expect(json["errors"]?.array.first?["code"]?.string == fault)
            }
        }
    }
}

extension RunningServer {
    /// The head of a request of an owner, whose body follows.
    func post(_ path: String, length: Int, type: String = "application/json", as role: Role = .owner) -> String {
        let own = headers(role).map { "\($0.0): \($0.1)\r\n" }.joined()
        return
            "POST \(path) HTTP/1.1\r\nHost: perks\r\n\(own)Content-Type: \(type)\r\nContent-Length: \(length)\r\n\r\n"
    }
}
