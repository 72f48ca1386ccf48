import Foundation
import Perks
import PerksServer
import Testing

@Suite struct GuestTests {
    @Test(arguments: ["twitter:ana_w", "twitter%3Aana_w", "twitter:@ANA_W", "Twitter:Ana_W"])
    func aGuestIsNamedByNetworkAndHandle(reference: String) async throws {
        try await RunningServer.run { server in
            let body = #"{"display_name": "Ana", "birth_date": "1962-03-04", "score": {"value": 77.69}}"#
            let made = try await server.send("PUT", "/v1/guests/\(reference)", as: .operator, body)
            #expect(made.status == 201)
            let again = try await server.send("PUT", "/v1/guests/\(reference)", as: .operator, body)
            #expect(again.status == 200)
            #expect(again.json == made.json)
            let id = try #require(made.json["id"]?.string)
            for path in ["/v1/guests/\(id)", "/v1/guests/twitter:ana_w"] {
                let read = try await server.send("GET", path, as: .operator)
                #expect(read.json["score"]?["value"] == .number(try #require(Decimal(string: "77.69"))))
                #expect(read.json["display_name"] == "Ana")
            }
        }
    }

    @Test func aHandleMayHoldWhatAPathDoesNot() async throws {
        try await RunningServer.run { server in
            let path = "/v1/guests/reddit:r%2Fga%20%3F%C3%A9%25"
            let made = try await server.send("PUT", path, as: .operator, "{}")
            #expect(made.status == 201)
            #expect(made.json["identities"]?.array.first?["handle"] == "r/ga ?é%")
            #expect(try await server.send("GET", path, as: .operator).status == 200)
            #expect(try await server.send("GET", "/v1/guests/reddit:r/ga", as: .operator).code == "not_found")
        }
    }

    @Test func staffReadOnlyWhoCheckedIn() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let unseen = try await server.send("GET", "/v1/guests/twitter:ana_w", as: .manager)
            #expect(unseen.status == 404)
            #expect(unseen.code == "guest_not_found")
            try await server.send(
                "POST", "/v1/check-ins", as: .clerk, #"{"guest": "twitter:ana_w", "venue": "las-vegas"}"#)
            #expect(try await server.send("GET", "/v1/guests/twitter:ana_w", as: .manager).status == 200)
            #expect(try await server.send("GET", "/v1/guests", as: .manager).json["data"]?.array.count == 1)
            #expect(try await server.send("GET", "/v1/guests", key: server.rivalKey).json["data"] == [])
        }
    }

    @Test(arguments: ["nonsense", "a b:c", "twitter:"])
    func whatNamesNobodyIsRefused(reference: String) async throws {
        try await RunningServer.run { server in
            let path = "/v1/guests/" + (reference.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
            let answered = try await server.send("GET", path)
            #expect(answered.status == 400)
            #expect(answered.json["errors"]?.array.first?["code"] == "not_a_guest_reference")
        }
    }

    @Test func aFileOfGuestsSaysWhatBecameOfEachRow() async throws {
        try await RunningServer.run { server in
            let csv = try await server.upload(
                "/v1/guest-imports", type: "text/csv",
                ["network,handle,score\ntwit", "ter,ana,50\ntwitter,,1\n", "twitter,ben,500"])
            #expect(csv.status == 200)
            #expect(csv.json["added"] == 1)
            #expect(csv.json["refused_count"] == 2)
            #expect(csv.json["refused"]?.array.compactMap { $0["line"]?.int } == [3, 4])
            let ndjson = try await server.upload(
                "/v1/guest-imports", type: "application/x-ndjson",
                [#"{"network": "twitter", "handle": "ana", "score": {"value": 50}}"#, "\n", #"{"network": "twitter"}"#])
            #expect(ndjson.json["unchanged"] == 1)
            #expect(ndjson.json["refused_count"] == 1)
        }
    }

    @Test(arguments: [
        // Fewer bytes than were announced, and chunks without an end.
        "Content-Length: 1000\r\n\r\nnetwork,handle\r\ntwitter,ana\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1d\r\nnetwork,handle\r\ntwitter,ana\r\n\r\n",
    ])
    func anUploadThatBreaksOffChangesNothing(rest: String) async throws {
        try await RunningServer.run { server in
            let lines = server.headers(.operator).map { "\($0.0): \($0.1)\r\n" }.joined()
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send(
                    "POST /v1/guest-imports HTTP/1.1\r\nHost: perks\r\n\(lines)Content-Type: text/csv\r\n\(rest)")
                connection.finish()
                _ = try await connection.hearEnd()
            }
            #expect(try await server.send("GET", "/v1/guests", as: .operator).json["data"] == [])
        }
    }

    @Test func aPersonIsJoinedExportedAndForgotten() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let joined = try await server.send(
                "POST", "/v1/guests/twitter:ana_w/identities", as: .operator,
                #"{"network": "linkedin", "handle": "ana-unusual"}"#)
            #expect(joined.status == 201)
            let found = try await server.send("GET", "/v1/guests/linkedin:ana-unusual", as: .operator)
            #expect(found.json["id"] == joined.json["id"])
            #expect(joined["Location"]?.contains("/v1/guests/guest_") == true)
            let put = try await server.send(
                "PUT", "/v1/guests/linkedin:ana-unusual?source=feed-7&consent=terms-3", as: .operator,
                #"{"country": "AT", "score": {"value": 61, "model": "m2"}}"#)
            #expect(put.json["source"]?["name"] == "feed-7")
            let scores = try await server.send("GET", "/v1/guests/twitter:ana_w/scores", as: .operator)
            #expect(scores.json["data"] != nil && scores.text.contains("m2"))
            let export = try await server.send("GET", "/v1/guests/twitter:ana_w/export", as: .operator)
            #expect(export.status == 200)
            #expect(export.text.contains("ana-unusual"))
            #expect(try await server.send("DELETE", "/v1/guests/twitter:ana_w", as: .operator).status == 204)
            for reference in ["twitter:ana_w", "linkedin:ana-unusual"] {
                #expect(try await server.send("GET", "/v1/guests/\(reference)", as: .operator).status == 404)
                let back = try await server.send("PUT", "/v1/guests/\(reference)", as: .operator, "{}")
                #expect(back.code == "opted_out")
            }
        }
    }

    @Test func whoOptedOutStaysOut() async throws {
        try await RunningServer.run { server in
            try await server.open()
            for _ in 1...2 {
                let out = try await server.send("POST", "/v1/opt-outs", as: .clerk, #"{"identity": "twitter:ana_w"}"#)
                #expect(out.status == 201)
                #expect(out.json["identity"] == "twitter:ana_w")
            }
            let unknown = try await server.send("POST", "/v1/opt-outs", as: .clerk, #"{"identity": "twitter:nobody"}"#)
            #expect(unknown.status == 201)
            let back = try await server.send("PUT", "/v1/guests/twitter:nobody", as: .operator, "{}")
            #expect(back.status == 409)
            #expect(back.code == "opted_out")
            let checkIn = try await server.send(
                "POST", "/v1/check-ins", as: .clerk, #"{"guest": "twitter:ana_w", "venue": "las-vegas"}"#)
            #expect(checkIn.json["guest"]?["known"] == false)
            #expect(checkIn.json["perks"] == [])
        }
    }
}
