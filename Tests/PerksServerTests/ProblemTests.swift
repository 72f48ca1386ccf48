import Foundation
import HTTPTypes
import Perks
import Postgres
import Testing

@testable import PerksServer

@Suite struct ProblemTests {
    private static let statuses: [Int: [PerksError.Code]] = [
        400: [.invalidRequest, .invalidCursor, .invalidRule, .brandRequired, .idempotencyKeyRequired],
        401: [.unauthenticated],
        403: [.forbidden],
        404: [
            .notFound, .brandNotFound, .venueNotFound, .campaignNotFound, .perkNotFound, .topicNotFound, .guestNotFound,
            .checkInNotFound, .redemptionNotFound, .holdNotFound, .keyNotFound, .segmentNotFound, .memberNotFound,
            .shareNotFound,
            .clickNotFound, .conversionNotFound,
        ],
        405: [.methodNotAllowed],
        409: [
            .slugTaken, .memberNumberTaken, .invalidTransition, .stockBelowUsed, .optedOut,
            .idempotencyKeyInFlight,
            .notQualified, .minorBlocked, .soldOut, .limitReached, .budgetSpent, .codesExhausted, .holdExpired,
            .campaignNotRunning, .outsideHours,
            .wrongVenue, .alreadyReversed, .undoTooLate, .selfReferral, .referralLoop, .alreadyConverted,
            .landingURLMissing,
        ],
        412: [.preconditionFailed],
        413: [.payloadTooLarge],
        415: [.unsupportedMediaType],
        422: [.idempotencyKeyReused],
        500: [.internal],
        503: [.overloaded, .unavailable],
    ]

    @Test(arguments: PerksError.Code.allCases)
    func everyCodeIsAProblemWithItsStatus(code: PerksError.Code) throws {
        let violation = PerksError.Violation("/name", "missing", "name is required.")
        let reply = Problem(PerksError(code, "Do this next.", violations: [violation]), requestID: "r1").reply
        let status = try #require(Self.statuses.first { $0.value.contains(code) }?.key)
        #expect(reply.status.code == status)
        #expect(reply.headers[.contentType] == "application/problem+json")
        let json = try JSONValue(parsing: reply.body)
        #expect(json["code"]?.string == code.rawValue)
        #expect(json["type"]?.string == "/docs#problem-\(code.rawValue)")
        #expect(json["status"]?.int == status)
        #expect(json["title"]?.string?.isEmpty == false)
        #expect(json["request_id"] == "r1")
        #expect(json["reasons"] == nil)
        if code != .internal {
            #expect(json["detail"] == "Do this next.")
            #expect(json["errors"] == [["pointer": "/name", "code": "missing", "detail": "name is required."]])
        }
        #expect(
            (reply.headers[.retryAfter] != nil) == [.overloaded, .unavailable, .idempotencyKeyInFlight].contains(code))
        #expect((reply.headers[.wwwAuthenticate] != nil) == (code == .unauthenticated))
    }

    private struct Oddity: Error { let secret = "hunter2" }

    @Test(
        arguments: [
            PerksError(.internal, "select * from hunter2"),
            PostgresError(.server, "hunter2 violates brand_slug_taken", sqlState: "23505"),
            DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "hunter2")),
            Oddity(),
        ] as [any Error])
    func whatIsNotForCallersStaysInside(error: any Error) throws {
        let reply = Problem(error, requestID: "r1").reply
        #expect(reply.status.code == 500)
        let text = String(decoding: reply.body, as: UTF8.self)
        for word in ["hunter2", "select", "Oddity", "PostgresError", "Swift", "23505"] { #expect(!text.contains(word)) }
        #expect(try JSONValue(parsing: reply.body)["code"] == "internal")
    }

    @Test func aDatabaseThatIsAwayIsUnavailableAndIsToldApartFromDeath() async throws {
        try await RunningServer.run(on: .away) { server in
            let key = "perks_00000000000000000000000000_\(String(repeating: "A", count: 43))"
            for path in ["/v1/venues", "/readyz"] {
                let answered = try await server.send("GET", path, key: key)
                #expect(answered.status == 503)
                #expect(answered.code == "unavailable")
                #expect(answered["Retry-After"] == "1")
            }
            #expect(try await server.send("GET", "/healthz", as: nil).status == 200)
        }
    }

    @Test func aDatabaseWithoutTheSchemaIsNotReady() async throws {
        try await RunningServer.run(on: .empty) { server in
            let answered = try await server.send("GET", "/readyz", as: nil)
            #expect(answered.status == 503)
            #expect(answered.json["detail"]?.string?.contains("perks migrate") == true)
            #expect(try await server.send("GET", "/healthz", as: nil).status == 200)
        }
    }

    @Test func aReadyServerSaysSo() async throws {
        try await RunningServer.run { server in
            let ready = try await server.send("GET", "/readyz", as: nil)
            #expect(ready.json == ["status": "ready"])
            let up = try await server.send("GET", "/healthz", as: nil)
            #expect(up.json == ["status": "up"])
        }
    }
}
