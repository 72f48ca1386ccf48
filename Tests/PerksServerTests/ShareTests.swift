import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Perks
import PerksServer
import Postgres
import Testing

@Suite struct ShareTests {
    private static let browser =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

    @Test func aLinkLeadsFromThePostToTheOrder() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let share = try await server.send(
                "POST", "/v1/shares", as: .clerk, #"{"guest": "twitter:ana_w", "campaign": "opening-night"}"#)
            #expect(share.status == 201)
            let (id, token) = (try #require(share.json["id"]?.string), try #require(share.json["token"]?.string))
            #expect(share["Location"] == "/v1/shares/\(id)")
            #expect(share.json["url"]?.string == "http://127.0.0.1:\(server.port)/s/\(token)")
            #expect(share.json["text"]?.string?.hasPrefix("#ad ") == true)
            #expect(try await server.send("GET", "/v1/shares/\(token)").json == share.json)
            #expect(try await server.send("GET", "/v1/shares?guest=twitter:ana_w").json["data"] == [share.json])
            #expect(try await server.send("GET", "/v1/shares/\(id)", key: server.rivalKey).code == "share_not_found")

            let post = try await server.send(
                "POST", "/v1/shares/\(id)/posts", as: .clerk,
                #"{"network": "twitter", "url": "https://twitter.example/1", "reach": 40, "disclosed": true}"#)
            #expect(post.status == 201)
            #expect(try await server.send("GET", "/v1/shares/\(id)/posts").json["data"] == [post.json])

            server.clock.advance(seconds: 60)
            let followed = try await server.follow("/s/\(token)?fbclid=x&y", agent: Self.browser)
            #expect(followed.status == 302)
            let location = try #require(followed["Location"])
            #expect(
                location.hasPrefix(
                    "https://palms.example/opening?utm_source=perks&utm_medium=share&utm_campaign=opening-night"))
            #expect(followed["Cache-Control"] == "no-store")
            #expect(followed["X-Robots-Tag"] == "noindex, nofollow")

            // Named at once: the click is recorded by then.
            let click = try #require(location.split(separator: "perks_click=").last)
            let body = #"{"click": "\#(click)", "order": {"reference": "web-1", "amount": 4900, "currency": "USD"}}"#
            let conversion = try await server.send(
                "POST", "/v1/conversions", as: .clerk, body, headers: [("Idempotency-Key", "k")])
            #expect(conversion.status == 201)
            #expect(conversion.json["touches"]?.array.first?["share"]?.string == id)
            let again = try await server.send(
                "POST", "/v1/conversions", as: .clerk, body, headers: [("Idempotency-Key", "k")])
            #expect(again.body == conversion.body && again["Idempotent-Replayed"] == "true")
            #expect(try await server.send("POST", "/v1/conversions", body).code == "already_converted")
            let path = "/v1/conversions/\(try #require(conversion.json["id"]?.string))"
            #expect(try await server.send("GET", path).json == conversion.json)
            #expect(try await server.send("GET", path, key: server.rivalKey).code == "conversion_not_found")
            let list = try await server.send("GET", "/v1/conversions?campaign=opening-night&share=\(id)")
            #expect(list.json["data"] == [conversion.json])
            let reversed = try await server.send("POST", path + "/reversal", #"{"reason": "cancelled"}"#)
            #expect(reversed.json["status"] == "reversed")
            #expect(try await server.send("POST", path + "/reversal", #"{"reason": "x"}"#).code == "already_reversed")
        }
    }

    @Test func whoIsFilteredIsNotTold() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let token = try await server.share("twitter:ana_w")
            server.clock.advance(seconds: 60)
            let person = try await server.follow("/s/\(token)", agent: Self.browser)
            let others = [
                try await server.follow("/s/\(token)", agent: Self.browser),
                try await server.follow("/s/\(token)", agent: "Slackbot-LinkExpanding 1.0"),
                try await server.follow("/s/\(token)", agent: ""),
                try await server.follow("/s/\(token)", method: .HEAD, agent: Self.browser),
                try await server.follow("/s/\(token)", agent: Self.browser, [("Sec-Purpose", "prefetch")]),
            ]
            func told(_ answered: Answered) -> [String] {
                ["\(answered.status)"]
                    + answered.headers.filter { !["x-request-id", "date"].contains($0.name.lowercased()) }
                    .map { "\($0.name): \($0.value.prefix { $0 != "_" })" }.sorted()
            }
            for other in others { #expect(told(other) == told(person)) }
            try await server.backend.recordClicks()
            let kinds = try await server.kinds()
            #expect(kinds == ["human", "duplicate", "bot", "bot", "bot", "bot"])
        }
    }

    @Test func aLinkThatIsNoneIsNotFound() async throws {
        try await RunningServer.run { server in
            for path in ["/s/nobody", "/s/00000000000000", "/s/%20", "/s/\(String(repeating: "a", count: 3000))"] {
                let answered = try await server.send("GET", path, as: nil)
                #expect(answered.status == 404 && answered.code == "not_found", "\(path)")
            }
            #expect(try await server.send("POST", "/s/nobody", as: nil).status == 405)
        }
    }

    @Test func aProxyNamesWhoComesThroughIt() async throws {
        var configuration = Server.Configuration()
        configuration.publicURL = "https://go.example"
        configuration.trustedProxies = 1
        try await RunningServer.run(configuration) { server in
            try await server.open()
            let token = try await server.share("twitter:ana_w")
            server.clock.advance(seconds: 60)
            // What stands before the last address may be anybody's invention.
            for callers in ["203.0.113.1", "203.0.113.2", "forged, 203.0.113.1", "203.0.113.3"] {
                _ = try await server.follow("/s/\(token)", agent: Self.browser, [("X-Forwarded-For", callers)])
            }
            try await server.backend.recordClicks()
            #expect(try await server.kinds() == ["human", "human", "duplicate", "human"])
            #expect(
                try await server.send("GET", "/v1/shares/\(token)").json["url"]?.string
                    == "https://go.example/s/\(token)")
        }
    }

    @Test func nobodyIsBelievedWhomNobodyTrusts() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let token = try await server.share("twitter:ana_w")
            server.clock.advance(seconds: 60)
            for callers in ["203.0.113.1", "203.0.113.2"] {
                _ = try await server.follow("/s/\(token)", agent: Self.browser, [("X-Forwarded-For", callers)])
            }
            try await server.backend.recordClicks()
            #expect(try await server.kinds() == ["human", "duplicate"])
        }
    }

    @Test func aShareIsRefusedToMinorsAndStrangers() async throws {
        try await RunningServer.run { server in
            try await server.open()
            func code(_ guest: String, _ campaign: String = "opening-night") async throws -> String? {
                try await server.send(
                    "POST", "/v1/shares", #"{"guest": "\#(guest)", "campaign": "\#(campaign)"}"#
                ).code
            }
            #expect(try await code("twitter:kid") == "minor_blocked")
            #expect(try await code("twitter:ageless") == "not_qualified")
            #expect(try await code("twitter:nobody") == "guest_not_found")
            #expect(try await code("twitter:ana_w", "nothing") == "campaign_not_found")
        }
    }
}

extension RunningServer {
    /// The token of a guest's link.
    fileprivate func share(_ guest: String) async throws -> String {
        let share = try await send("POST", "/v1/shares", #"{"guest": "\#(guest)", "campaign": "opening-night"}"#)
        return try #require(share.json["token"]?.string)
    }

    /// Follows a link as far as its first answer.
    fileprivate func follow(
        _ path: String, method: HTTPMethod = .GET, agent: String, _ headers: [(String, String)] = []
    ) async throws -> Answered {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = method
        request.headers.add(name: "User-Agent", value: agent)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 1 << 20)
        try await client.shutdown()
        let answered = Answered(
            status: Int(response.status.code), headers: response.headers, body: Data(body.readableBytesView))
        try answered.check(against: Endpoints.all, request)
        return answered
    }

    /// What the clicks so far were taken for.
    fileprivate func kinds() async throws -> [String] {
        let brand = try await send("GET", "/v1/brands/palms").json["id"]?.string
        let id = try #require(brand.flatMap { ID<Brand>($0) })
        return try await backend.database.transaction { connection in
            try connection.query("select set_config('perks.brand', \(id.uuid.uuidString), true)")
            return try connection.query("select kind from click order by id").map { try $0["kind"] }
        }
    }
}
