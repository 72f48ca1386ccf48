import Foundation
import Perks
import PerksServer
import Testing

@Suite(.timeLimit(.minutes(30))) struct ShutdownTests {
    @Test func requestsUnderWayAreFinishedAndNoOthersTaken() async throws {
        let venue = #"{"slug": "lv", "name": "Las Vegas"}"#
        try await RunningServer.run { server in
            try await RawConnection.open(to: server.port) { connection in
                let head = server.post("/v1/venues", length: venue.utf8.count)
                try await connection.send(head.dropLast() + "Expect: 100-continue\r\n\r\n")
                // Having been told to go on, we know that the request is under way.
                try await connection.hear("100 Continue\r\n\r\n")
                await server.stop()
                try await connection.send(venue)
                let heard = try await connection.hearEnd()
                #expect(heard.contains("HTTP/1.1 201"))
                #expect(heard.contains("Las Vegas"))
            }
        }
    }

    @Test func aRequestThatDoesNotEndHoldsNothingUpForEver() async throws {
        let configuration = Server.Configuration(requestTimeout: .seconds(3600), shutdownTimeout: .milliseconds(200))
        try await RunningServer.run(configuration) { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send(
                    server.post("/v1/venues", length: 100).dropLast() + "Expect: 100-continue\r\n\r\n")
                try await connection.hear("100 Continue\r\n\r\n")
                await server.stop()
                _ = try await connection.hearEnd()
            }
        }
    }

    @Test func anIdleConnectionIsClosed() async throws {
        try await RunningServer.run { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: perks\r\n\r\n")
                try await connection.hear(#"{"status":"up"}"#)
                await server.stop()
                #expect(try await connection.hearEnd().hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    @Test func thePortIsInTheLog() async throws {
        try await RunningServer.run { server in
            let line = try #require(server.log.all.first { $0.contains(#""message":"listening""#) })
            #expect(try JSONValue(parsing: Data(line.utf8))["port"]?.int == server.port)
        }
    }
}
