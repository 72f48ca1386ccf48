import Perks
import PerksServer
import Testing

@Suite struct AuditEventTests {
    @Test func whatABrandDoesIsInItsOwnLogNewestFirst() async throws {
        try await RunningServer.run { server in
            let venue = try await server.send(
                "POST", "/v1/venues", as: .manager, #"{"slug": "lv", "name": "Las Vegas"}"#)
            try await server.send("PATCH", "/v1/venues/lv", #"{"name": "The Strip"}"#)
            // Saving something unchanged is no event.
            try await server.send("PATCH", "/v1/venues/lv", #"{"name": "The Strip"}"#)
            let log = try await server.send("GET", "/v1/audit-events", as: .auditor)
            let events = log.json["data"]?.array ?? []
            let actions = events.compactMap { $0["action"]?.string }
            #expect(actions.prefix(2) == ["venue.update", "venue.create"])
            #expect(events.first?["object"] == venue.json["id"])
            #expect(events.first?["actor"]?.string?.hasPrefix("key:key_") == true)
            let first = try await server.send("GET", "/v1/audit-events?limit=1")
            let next = try #require(first.json["next_cursor"]?.string)
            let second = try await server.send("GET", "/v1/audit-events?limit=1&cursor=\(next)")
            #expect(second.json["data"]?.array == [events[1]])
            let rival = try await server.send("GET", "/v1/audit-events", key: server.rivalKey)
            #expect(!rival.text.contains("venue"))
        }
    }
}
