import Foundation
import Glibc
import Synchronization
import Testing

extension EndToEnd {
    /// The server under load, killed, stopped, and without its database.
    struct ServeTests {
        @Test func sixtyFourClientsTakeAHundredOfAHundred() async throws {
            let (desk, key) = try await Desk.staffed()
            try await Server.run(desk, key: key) { server, client in
                // Both copies of a request are next to each other, so that they are often under way together.
                let requests = (1...Desk.crowd).flatMap { [$0, $0] }
                let replies = try await inParallel(requests, clients: 64) { number in
                    try await client.send(
                        server.redemption(of: "suite-upgrade", for: "email:g\(number)@example.com", key: "k\(number)"))
                }
                #expect(replies.allSatisfy { $0.status == 201 || $0.status == 409 })
                var accepted: [Int: Set<String>] = [:]
                for (number, reply) in zip(requests, replies) where reply.status == 201 {
                    accepted[number, default: []].insert(reply.body)
                }
                #expect(accepted.count == 100)
                #expect(accepted.values.allSatisfy { $0.count == 1 })
                for (number, bodies) in accepted {
                    let again = try await client.send(
                        server.redemption(of: "suite-upgrade", for: "email:g\(number)@example.com", key: "k\(number)"))
                    #expect(again.status == 201)
                    #expect(again.isReplay)
                    #expect(bodies.contains(again.body))
                }
                let refused = try await client.send(
                    server.redemption(of: "suite-upgrade", for: "twitter:ana_w", key: "late"))
                #expect(refused.json["code"].text == "sold_out")
            }
            #expect(try await redemptions(desk).count == 100)
            #expect(try await desk.done("perk", "show", "suite-upgrade", "-o", "json").json["remaining"].int == 0)
            try await desk.done("doctor", "--deep")
        }

        @Test func aGuestAgainstThemselvesGetsOne() async throws {
            let (desk, key) = try await Desk.staffed()
            try await Server.run(desk, key: key) { server, client in
                let replies = try await inParallel(Array(1...40), clients: 40) { number in
                    try await client.send(
                        server.redemption(of: "welcome-drink", for: "twitter:ana_w", key: "self\(number)"))
                }
                #expect(replies.count { $0.status == 201 } == 1)
                #expect(replies.count { $0.json["code"].text == "limit_reached" } == 39)
            }
            #expect(try await redemptions(desk).count == 1)
            try await desk.done("doctor", "--deep")
        }

        @Test func aServerThatIsKilledHasDoneNothingTwiceAndForgottenNothing() async throws {
            let (desk, key) = try await Desk.staffed()
            let server = try await Server.start(desk, key: key)
            let client = Client()
            let accepted = Mutex(0)
            let before = try await inParallel(Array(1...Desk.crowd), clients: 16) { number -> Reply? in
                let request = server.redemption(
                    of: "welcome-drink", for: "email:g\(number)@example.com", key: "k\(number)")
                let reply = try? await client.send(request)
                let count = accepted.withLock { accepted in
                    if reply?.status == 201 { accepted += 1 }
                    return accepted
                }
                // In the middle of it, with others under way.
                if count == 60 { server.program.signal(SIGKILL) }
                return reply?.status == 201 ? reply : nil
            }
            #expect(await server.program.end().status == 128 + SIGKILL)
            try await client.close()
            // The indices of those without an answer are lost in `compactMap`, so the answers are told apart by their ids.
            let known = Set(before.compactMap { $0?.json["id"].text })
            #expect(known.count >= 60)
            #expect(known.count < Desk.crowd)

            try await Server.run(desk, key: key) { server, client in
                let after = try await inParallel(Array(1...Desk.crowd), clients: 16) { number in
                    try await client.send(
                        server.redemption(of: "welcome-drink", for: "email:g\(number)@example.com", key: "k\(number)"))
                }
                #expect(after.allSatisfy { $0.status == 201 })
                let ids = Set(after.compactMap { $0.json["id"].text })
                #expect(ids.count == Desk.crowd)
                #expect(known.isSubset(of: ids))
                #expect(after.count(where: \.isReplay) >= known.count)
            }
            let kept = try await redemptions(desk)
            #expect(kept.count == Desk.crowd)
            #expect(Set(kept.compactMap { $0["guest"]["id"].text }).count == Desk.crowd)
            try await desk.done("doctor", "--deep")
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func aServerThatIsToldToStopAnswersWhatIsUnderWay(signal: Int32) async throws {
            let (desk, key) = try await Desk.staffed()
            let server = try await Server.start(desk, key: key)
            let client = Client()
            let reply = try await Lock.hold(in: desk) { lock in
                async let reply = client.send(
                    server.redemption(of: "welcome-drink", for: "email:g1@example.com", key: "k1"))
                try await lock.waitUntilWanted()
                server.program.signal(signal)
                try await refusesConnections(server.port)
                lock.release()
                return try await reply
            }
            #expect(reply.status == 201, "\(reply.body)")
            #expect(await server.program.end().status == 0)
            try await client.close()
            #expect(try await redemptions(desk).count == 1)
            try await desk.done("doctor", "--deep")
        }

        @Test(.timeLimit(.minutes(30)), arguments: [true, false]) func aDatabaseThatComesBackIsFoundAgain(
            politely: Bool
        ) async throws {
            let program = try Program()
            try await withPrivateDatabase(of: program) {
                try await Desk(program: program).prepare()
                let desk = program.with(["PERKS_BRAND": "palms"])
                try await Server.run(desk, key: try await desk.manager()) { server, client in
                    let accepted = Mutex(0)
                    let isDown = Mutex(false)
                    async let replies = inParallel(Array(1...Desk.crowd), clients: 8) { number -> [Reply] in
                        var replies: [Reply] = []
                        while replies.last?.status != 201 {
                            replies.append(
                                try await client.send(
                                    server.redemption(
                                        of: "welcome-drink", for: "email:g\(number)@example.com", key: "k\(number)")))
                        }
                        let count = accepted.withLock { accepted in
                            accepted += 1
                            return accepted
                        }
                        if count == 60 {
                            try await desk.stopDatabase(politely: politely)
                            isDown.withLock { $0 = true }
                            try await isToldThatTheDatabaseIsAway(client, server)
                            try await desk.done("database", "start")
                        }
                        return replies
                    }
                    let all = try await replies
                    #expect(isDown.withLock { $0 })
                    #expect(all.allSatisfy { $0.last?.status == 201 })
                    #expect(all.joined().allSatisfy { $0.status == 201 || $0.status == 503 })
                }
                #expect(try await redemptions(desk).count == Desk.crowd)
                try await desk.done("doctor", "--deep")
            }
        }

        /// Asks until the database is away: backends outlive a killed server for as long as they have work.
        private func isToldThatTheDatabaseIsAway(_ client: Client, _ server: Server) async throws {
            // Somebody who does not qualify, so that the answer of such a backend leaves nothing behind.
            while try await client.send(
                server.redemption(of: "welcome-drink", for: "twitter:kim", key: "down")
            ).status != 503 {}
        }

        private func redemptions(_ desk: Program) async throws -> [JSON] {
            try await desk.done("redemption", "list", "--all", "-o", "ndjson").lines.map { JSON(parsing: $0) }
        }
    }
}

/// Waits until nobody listens on a port of this machine any longer.
private func refusesConnections(_ port: Int) async throws {
    while true {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { return }
        await Task.yield()
    }
}
