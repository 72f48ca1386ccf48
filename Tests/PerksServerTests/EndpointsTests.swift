import AsyncHTTPClient
import Foundation
import HTTPTypes
import Perks
import Testing

@testable import PerksServer

@Suite struct EndpointsTests {
    /// Who may do what, written down a second time: the first letters of operator, owner (W), manager, clerk, auditor.
    static let policy = [
        "GET /docs": "-", "GET /healthz": "-", "GET /openapi.json": "-", "GET /readyz": "-",
        "GET /v1/audit-events": "OWMA",
        "GET /v1/brands": "OWMA", "POST /v1/brands": "O",
        "GET /v1/brands/{brand}": "OWMA", "PATCH /v1/brands/{brand}": "OW",
        "GET /v1/campaigns": "OWMCA", "POST /v1/campaigns": "OWM",
        "GET /v1/campaigns/{campaign}": "OWMCA", "PATCH /v1/campaigns/{campaign}": "OWM",
        "GET /v1/campaigns/{campaign}/perks": "OWMCA", "POST /v1/campaigns/{campaign}/perks": "OWM",
        "GET /v1/campaigns/{campaign}/report": "OWMA",
        "PUT /v1/campaigns/{campaign}/status": "OWM",
        "GET /v1/campaigns/{campaign}/revisions": "OWMA", "GET /v1/perks/{perk}/revisions": "OWMA",
        "GET /v1/check-ins/{check_in}/explanation": "OWMA",
        "DELETE /v1/guests/{guest}": "O", "POST /v1/guests/{guest}/identities": "O",
        "GET /v1/guests/{guest}/scores": "OWMA", "GET /v1/guests/{guest}/export": "O",
        "GET /v1/check-ins": "OWMCA", "POST /v1/check-ins": "OWMC", "GET /v1/check-ins/{check_in}": "OWMCA",
        "POST /v1/eligibility": "OWMC",
        "POST /v1/guest-imports": "O", "GET /v1/guests": "OWMA",
        "GET /v1/guests/{guest}": "OWMA", "PUT /v1/guests/{guest}": "O",
        "GET /v1/keys": "OWA", "POST /v1/keys": "OW", "GET /v1/keys/{key}": "OWA", "DELETE /v1/keys/{key}": "OW",
        "POST /v1/audience-estimates": "OWM",
        "GET /v1/members": "OWMA", "GET /v1/members/{guest}": "OWMA", "PUT /v1/members/{guest}": "OWM",
        "POST /v1/opt-outs": "OWMC",
        "GET /v1/segments": "OWMA", "GET /v1/segments/{segment}": "OWMA", "PUT /v1/segments/{segment}": "OWM",
        "POST /v1/segments/{segment}/members": "OWM", "DELETE /v1/segments/{segment}/members/{guest}": "OWM",
        "GET /v1/perks": "OWMCA", "GET /v1/perks/{perk}": "OWMCA", "PATCH /v1/perks/{perk}": "OWM",
        "GET /v1/holds": "OWMCA", "POST /v1/holds": "OWMC", "GET /v1/holds/{hold}": "OWMCA",
        "DELETE /v1/holds/{hold}": "OWMC",
        "GET /v1/perks/{perk}/codes": "OWM", "POST /v1/perks/{perk}/codes": "OWM",
        "GET /v1/perks/{perk}/code-pool": "OWMA", "POST /v1/perks/{perk}/code-generations": "OWM",
        "GET /v1/redemptions": "OWMA", "POST /v1/redemptions": "OWMC", "GET /v1/redemptions/{redemption}": "OWMCA",
        "POST /v1/redemptions/{redemption}/reversal": "OWMC",
        "GET /s/{token}": "-",
        "GET /v1/shares": "OWMA", "POST /v1/shares": "OWMC", "GET /v1/shares/{share}": "OWMA",
        "GET /v1/shares/{share}/posts": "OWMA", "POST /v1/shares/{share}/posts": "OWMC",
        "GET /v1/conversions": "OWMA", "POST /v1/conversions": "OWMC", "GET /v1/conversions/{conversion}": "OWMA",
        "POST /v1/conversions/{conversion}/reversal": "OWMC",
        "POST /v1/topic-imports": "O", "GET /v1/topics": "OWMA",
        "GET /v1/venues": "OWMCA", "POST /v1/venues": "OWM",
        "GET /v1/venues/{venue}": "OWMCA", "PATCH /v1/venues/{venue}": "OWM",
    ]

    private static let letters: [Role: String] = [
        .operator: "O", .owner: "W", .manager: "M", .clerk: "C", .auditor: "A",
    ]

    /// A path of an endpoint whose captures name nothing there is.
    private static func address(_ endpoint: Endpoint) -> String {
        endpoint.path.captures.reduce(endpoint.path.description) { $0.replacing("{\($1)}", with: "net:nothing-here") }
    }

    @Test func theListIsThePolicy() {
        var described: [String: String] = [:]
        for endpoint in Endpoints.all {
            let letters = endpoint.roles.map { roles in
                Role.allCases.filter(roles.contains).compactMap { Self.letters[$0] }.joined()
            }
            let previous = described.updateValue(letters ?? "-", forKey: "\(endpoint.method) \(endpoint.path)")
            #expect(previous == nil, "\(endpoint.method) \(endpoint.path) is there twice")
        }
        #expect(described == Self.policy)
    }

    @Test func everyRouteLetsInItsRolesAndNobodyElse() async throws {
        try await RunningServer.run { server in
            for endpoint in Endpoints.all {
                let name = "\(endpoint.method) \(endpoint.path)"
                let allowed = Self.policy[name] ?? ""
                for role in Role.allCases {
                    let answered = try await server.send(endpoint.method.rawValue, Self.address(endpoint), as: role)
                    let isRefused = answered.status == 403
                    #expect(
                        isRefused == !(allowed == "-" || allowed.contains(Self.letters[role] ?? "?")), "\(name) \(role)"
                    )
                    #expect(answered.status < 500, "\(name) as \(role): \(answered.text)")
                }
                let stranger = try await server.send(endpoint.method.rawValue, Self.address(endpoint), as: nil)
                #expect((stranger.status == 401) == (allowed != "-"), "\(name) without a key")
                if allowed != "-" { #expect(stranger["WWW-Authenticate"] == "Bearer") }
            }
        }
    }

    @Test func anOperatorNamesTheBrandWhereOneIsNeeded() async throws {
        try await RunningServer.run { server in
            let key = server.headers(.operator)[0].1.replacing("Bearer ", with: "")
            for endpoint in Endpoints.all where endpoint.roles?.contains(.operator) == true {
                let answered = try await server.send(endpoint.method.rawValue, Self.address(endpoint), key: key)
                #expect(
                    (answered.code == "brand_required") == endpoint.needsBrand, "\(endpoint.method) \(endpoint.path)")
            }
            let elsewhere = try await server.send("GET", "/v1/venues", key: key, headers: [("Perks-Brand", "nobody")])
            #expect(elsewhere.status == 404)
            #expect(elsewhere.code == "brand_not_found")
            // Any other key belongs to one brand, whatever it says.
            let reach = try await server.send("GET", "/v1/venues", headers: [("Perks-Brand", "rival")])
            #expect(reach.code == "brand_not_found")
            let home = try await server.send("GET", "/v1/venues", headers: [("Perks-Brand", "palms")])
            #expect(home.status == 200)
        }
    }

    @Test(arguments: [
        "", "Bearer", "Bearer x", "Basic cGVya3M6cGVya3M=", "Bearer perks_00000000000000000000000000_AAAA",
        "Bearer \(String(repeating: "a", count: 5000))",
    ])
    func noOtherKeyOpensAnything(header: String) async throws {
        try await RunningServer.run { server in
            let answered = try await server.send("GET", "/v1/venues", as: nil, headers: [("Authorization", header)])
            #expect(answered.status == 401)
            #expect(answered.code == "unauthenticated")
            #expect(answered["WWW-Authenticate"] == "Bearer")
        }
    }

    @Test func theSchemeOfAKeyIsReadWithoutCase() async throws {
        try await RunningServer.run { server in
            let header = server.headers(.owner)[0].1.replacing("Bearer", with: "bEARER")
            let answered = try await server.send("GET", "/v1/venues", headers: [("Authorization", header)])
            #expect(answered.status == 200)
        }
    }

    @Test func anotherMethodIsToldWhatIsPossible() async throws {
        try await RunningServer.run { server in
            let byPath = Dictionary(grouping: Endpoints.all, by: \.path)
            for (path, endpoints) in byPath {
                var expected = Set(endpoints.map(\.method.rawValue))
                if expected.contains("GET") { expected.insert("HEAD") }
                for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
                where !expected.contains(method) {
                    // Nobody needs a key to be told so.
                    let answered = try await server.send(method, Self.address(endpoints[0]), as: nil)
                    #expect(answered.status == 405, "\(method) \(path)")
                    let allowed = answered["Allow"]?.split(separator: ", ").map(String.init) ?? []
                    #expect(Set(allowed) == expected, "\(method) \(path)")
                }
            }
        }
    }

    @Test func headIsGetWithoutTheBody() async throws {
        try await RunningServer.run { server in
            for path in ["/healthz", "/openapi.json", "/docs", "/v1/venues", "/v1/venues/nowhere"] {
                let get = try await server.send("GET", path)
                let head = try await server.send("HEAD", path)
                #expect(head.status == get.status)
                #expect(head.body.isEmpty)
                #expect(head["Content-Type"] == get["Content-Type"])
                // A problem names its request, whose identifier is always as long.
                #expect(head["Content-Length"] == "\(get.body.count)")
            }
        }
    }

    @Test(arguments: ["/", "/v1", "/v1/", "/v1/venues/", "/v1//venues", "/v2/venues", "/v1/venues/a/b", "//v1/venues"])
    func unknownPathsAreNotFound(path: String) async throws {
        try await RunningServer.run { server in
            let answered = try await server.send("GET", path)
            #expect(answered.status == 404)
            #expect(answered.code == "not_found")
        }
    }

    @Test(arguments: ["/v1/venues/%", "/v1/venues/%2", "/v1/venues/%zz", "/v1/venues/%FF", "/%C3%28"])
    func pathsThatCannotBeDecodedAreRefused(path: String) async throws {
        try await RunningServer.run { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send("GET \(path) HTTP/1.1\r\nHost: perks\r\nConnection: close\r\n\r\n")
                let heard = try await connection.hearEnd()
                #expect(heard.hasPrefix("HTTP/1.1 400"))
                #expect(heard.contains(#""code":"invalid_request""#))
            }
        }
    }

    @Test func anEncodedSlashStaysInItsSegment() throws {
        let routes = RouteTable(Endpoints.all)
        guard case .endpoint(let endpoint, let captures) = try routes.find(.get, "/v1/guests/r%2Fga%3A%C3%A9") else {
            Issue.record("no route")
            return
        }
        #expect(endpoint.path.description == "/v1/guests/{guest}")
        #expect(captures == ["guest": "r/ga:é"])
    }

    @Test func literalSegmentsGoBeforeCaptures() throws {
        func endpoint(_ path: String) -> Endpoint {
            Endpoint(
                method: .get, path: PathPattern(path), summary: "", handler: .open { _ in .nothing }, answer: .nothing)
        }
        for list in [["/a/{b}", "/a/b", "/{a}/b"], ["/{a}/b", "/a/b", "/a/{b}"]] {
            let routes = RouteTable(list.map(endpoint))
            for (path, pattern) in [("/a/b", "/a/b"), ("/a/c", "/a/{b}"), ("/c/b", "/{a}/b")] {
                guard case .endpoint(let found, _) = try routes.find(.get, path) else {
                    Issue.record("no route for \(path)")
                    continue
                }
                #expect(found.path.description == pattern)
            }
        }
    }
}
