import Perks
import PerksServer
import Testing

@Suite struct TopicTests {
    @Test func anOntologyIsLoadedFromBothFilesInOneStream() async throws {
        try await RunningServer.run { server in
            // Cut anywhere, as a network does.
            let files = RunningServer.topics + RunningServer.edges
            let chunks = [String(files.prefix(50)), String(files.dropFirst(50).prefix(1)), String(files.dropFirst(51))]
            let loaded = try await server.upload("/v1/topic-imports", type: "text/csv; charset=utf-8", chunks)
            #expect(loaded.status == 200)
            #expect(loaded.json["topics"] == 3)
            #expect(loaded.json["added"] == 3)
            #expect(loaded.json["pairs"]?.int == 4)
            let again = try await server.upload("/v1/topic-imports", type: "text/csv", [files])
            #expect(again.json["unchanged"] == 3)
        }
    }

    @Test func topicsAreFoundByNameAndPlace() async throws {
        try await RunningServer.run { server in
            _ = try await server.upload(
                "/v1/topic-imports", type: "text/csv", [RunningServer.topics, RunningServer.edges])
            func slugs(_ query: String) async throws -> [String] {
                let list = try await server.send("GET", "/v1/topics?\(query)", as: .manager)
                return list.json["data"]?.array.compactMap { $0["slug"]?.string } ?? []
            }
            #expect(try await slugs("") == ["coffee", "espresso", "casinos"])
            #expect(try await slugs("under=coffee") == ["espresso"])
            #expect(try await slugs("q=CAS") == ["casinos"])
            #expect(try await slugs("under=casinos&q=coffee") == [])
            let unknown = try await server.send("GET", "/v1/topics?under=cofee")
            #expect(unknown.status == 404)
            #expect(unknown.code == "topic_not_found")
            let page = try await server.send("GET", "/v1/topics?q=s&limit=1")
            let link = try #require(page["Link"])
            #expect(link.hasPrefix("</v1/topics?q=s&limit=1&cursor="))
            #expect(link.hasSuffix(">; rel=\"next\""))
            let next = link.split(separator: ">")[0].dropFirst()
            #expect(try await server.send("GET", String(next)).json["data"]?.array.first?["slug"] == "casinos")
        }
    }

    @Test func aBadFileIsRefusedWhole() async throws {
        try await RunningServer.run { server in
            let refused = try await server.upload(
                "/v1/topic-imports", type: "text/csv", ["topicId,topicSlug,topicDisplayName\n", "2,coffee\n"])
            #expect(refused.status == 400)
            #expect(refused.json["errors"]?.array.first?["pointer"] == "line 2")
            let wrong = try await server.upload("/v1/topic-imports", type: "application/x-ndjson", ["{}"])
            #expect(wrong.status == 415)
            #expect(try await server.send("GET", "/v1/topics").json["data"] == [])
        }
    }
}
