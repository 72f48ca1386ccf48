import Perks
import PerksServer
import Testing

@Suite struct MemberTests {
    @Test func aBrandKnowsItsMembersByNumberAndSegment() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let segment = try await server.send("PUT", "/v1/segments/vip", as: .manager, #"{"name": "Very important"}"#)
            #expect(segment.status == 201)
            #expect(try await server.send("PUT", "/v1/segments/vip", #"{"name": "VIP"}"#).status == 200)
            let body = #"{"member_number": "4711", "birth_date_on_id": "1962-03-05", "segments": ["vip"]}"#
            let made = try await server.send("PUT", "/v1/members/twitter:ana_w", as: .manager, body)
            #expect(made.status == 201)
            #expect(made.json["segments"] == ["vip"])
            #expect(try await server.send("PUT", "/v1/members/twitter:ana_w", body).status == 200)
            #expect(try await server.send("GET", "/v1/members/member:4711", as: .auditor).json == made.json)
            #expect(try await server.send("GET", "/v1/members").json["data"]?.array == [made.json])
            #expect(try await server.send("GET", "/v1/segments/vip").json["members"] == 1)
            let taken = try await server.send("PUT", "/v1/members/twitter:ben", #"{"member_number": "4711"}"#)
            #expect(taken.code == "member_number_taken")
            let unknown = try await server.send("PUT", "/v1/members/twitter:ben", #"{"segments": ["vips"]}"#)
            #expect(unknown.code == "segment_not_found")
            #expect(try await server.send("PUT", "/v1/members/twitter:nobody", "{}").code == "guest_not_found")
            #expect(
                try await server.send("GET", "/v1/members/member:4711", key: server.rivalKey).code == "member_not_found"
            )
            #expect(try await server.redeem("member:4711", key: "1").status == 201)
        }
    }

    @Test func aFileFillsASegment() async throws {
        try await RunningServer.run { server in
            try await server.open()
            try await server.send("PUT", "/v1/segments/staff", #"{"name": "Staff"}"#)
            let filled = try await server.upload(
                "/v1/segments/staff/members", as: .manager, type: "text/csv",
                ["guest\ntwitter:ana", "_w\ntwitter:nobody\ntwitter:ben\n"])
            #expect(filled.status == 200)
            #expect(filled.json["added"] == 2)
            #expect(filled.json["refused_count"] == 1)
            for _ in 1...2 {
                let removed = try await server.send("DELETE", "/v1/segments/staff/members/twitter%3Aben")
                #expect(removed.status == 204)
            }
            #expect(try await server.send("GET", "/v1/segments/staff").json["members"] == 1)
            let none = try await server.upload(
                "/v1/segments/none/members", as: .owner, type: "text/csv", ["twitter:ben"])
            #expect(none.code == "segment_not_found")
        }
    }

    @Test func anAudienceIsCounted() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let counted = try await server.send(
                "POST", "/v1/audience-estimates", as: .manager, #"{"rule_text": "score >= 60 and age >= 21"}"#)
            #expect(counted.status == 200)
            #expect(counted.json["total"] == 4)
            #expect(counted.json["qualifying"] == 1)
            #expect(counted.json["unknown"] == 1)
            let wrong = try await server.send("POST", "/v1/audience-estimates", #"{"rule_text": "score >="}"#)
            #expect(wrong.code == "invalid_rule")
        }
    }
}
