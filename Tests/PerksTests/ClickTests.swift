import Foundation
import Logging
import Perks
import Postgres
import Testing

@Suite struct ClickTests {
    /// A minute after the shares were made.
    private static let now = Palms.now.adding(seconds: 60)

    private func palms() async throws -> (Palms, Share) {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.landingURL = "https://palms.example/opening" }
        try await palms.importCrowd(2)
        return (palms, try await palms.share("net:g0"))
    }

    @Test func aProgramIsABot() async throws {
        let (palms, share) = try await palms()
        for (number, agent) in ["facebookexternalhit/1.1", "curl/8.5.0", "", nil].enumerated() {
            try await palms.follow(share, agent: agent, now: Self.now.adding(seconds: number * 10))
        }
        try await palms.follow(share, isHead: true, now: Self.now.adding(seconds: 50))
        try await palms.follow(share, purposes: ["prefetch;prerender"], now: Self.now.adding(seconds: 60))
        try await palms.follow(share, now: Self.now.adding(seconds: 70))
        #expect(try await palms.kinds(of: share) == Array(repeating: "bot", count: 6) + ["human"])
        await palms.close()
    }

    @Test func theSharersOwnBrowserIsNobodyElse() async throws {
        let (palms, share) = try await palms()
        try await palms.share("net:g0", visitor: Visitor(address: "198.51.100.7", userAgent: Palms.browser))
        try await palms.follow(share, from: "198.51.100.7", now: Self.now)
        try await palms.follow(share, from: "198.51.100.8", now: Self.now)
        // The key of the day before still matches, that of the day before that does not: it is gone.
        try await palms.follow(share, from: "198.51.100.7", now: Self.now.adding(seconds: 86_400))
        try await palms.follow(share, from: "198.51.100.7", now: Self.now.adding(seconds: 2 * 86_400))
        #expect(try await palms.kinds(of: share).sorted() == ["human", "human", "self", "self"])
        #expect(try await palms.count("select count(*) from visitor_key") == 2)
        await palms.close()
    }

    @Test func nobodyReadsWithinASecond() async throws {
        let (palms, share) = try await palms()
        let made = share.createdAt.microseconds
        for (number, microseconds) in [0, 999_999, 1_000_000].enumerated() {
            try await palms.follow(
                share, from: "203.0.113.\(number)", now: Timestamp(microseconds: made + Int64(microseconds)))
        }
        #expect(try await palms.kinds(of: share) == ["too_fast", "too_fast", "human"])
        await palms.close()
    }

    @Test func theThirdClickWithinTwoSecondsIsTooFastOnWhateverLinks() async throws {
        let (palms, share) = try await palms()
        let other = try await palms.share("net:g1")
        func at(_ milliseconds: Int64) -> Timestamp {
            Timestamp(microseconds: Self.now.microseconds + milliseconds * 1000)
        }
        try await palms.follow(share, now: at(0))
        try await palms.follow(other, now: at(1000))
        try await palms.follow(share, now: at(2000))
        try await palms.follow(share, now: at(3001))
        try await palms.follow(share, now: at(9000))
        #expect(try await palms.kinds(of: share) == ["human", "too_fast", "duplicate", "duplicate"])
        #expect(try await palms.kinds(of: other) == ["human"])
        await palms.close()
    }

    /// The same clicks, recorded one by one and all at once.
    @Test(arguments: [true, false])
    func aVisitorIsCountedOnceADayAndLink(isRecordedOneByOne: Bool) async throws {
        let (palms, share) = try await palms()
        let day = 86_400
        for (address, seconds) in [
            ("a", 0), ("b", 5), ("a", 10), ("a", day), ("a", day + 1), ("b", day + 10), ("a", day + 20),
            ("a", 2 * day + 1),
        ] {
            let now = Self.now.adding(seconds: seconds)
            _ = try await palms.backend.follow(share.token, Visit(address: address, agent: Palms.browser), at: now)
            // The keys are those of the day of recording, so that days are kept apart either way.
            if isRecordedOneByOne || seconds % day == 10 { try await palms.backend.recordClicks() }
        }
        try await palms.backend.recordClicks()
        // Exactly a day after it was last counted it is still the same; a second more, and it counts again.
        #expect(
            try await palms.kinds(of: share) == [
                "human", "human", "duplicate", "duplicate", "human", "human", "duplicate", "duplicate",
            ])
        await palms.close()
    }

    @Test func ofTwoServersOneCounts() async throws {
        let (palms, share) = try await palms()
        let servers = [palms, palms.onAnotherServer(), palms.onAnotherServer()]
        try await withThrowingDiscardingTaskGroup { group in
            for visitor in 0..<60 {
                for server in servers {
                    group.addTask {
                        try await server.follow(share, from: "203.0.113.\(visitor)", now: Self.now)
                    }
                }
            }
        }
        #expect(try await palms.count("select count(*) from click") == 180)
        #expect(try await palms.count("select count(*) from click where kind = 'human'") == 60)
        for server in servers { await server.close() }
    }

    @Test func whoComesFromElsewhereOrWithAnotherBrowserIsSomebodyElse() async throws {
        let (palms, share) = try await palms()
        try await palms.follow(share, from: "203.0.113.1", now: Self.now)
        try await palms.follow(share, from: "203.0.113.2", now: Self.now)
        try await palms.follow(share, from: "203.0.113.1", agent: Palms.browser + " Edg/142.0", now: Self.now)
        #expect(try await palms.kinds(of: share) == ["human", "human", "human"])
        let kept = try await palms.count(
            "select count(distinct visitor) from click where visitor::text ~ '203|Mozilla'")
        #expect(kept == 0)
        await palms.close()
    }

    @Test func aClickIsNamedToTheLandingPageWhateverItIsTakenFor() async throws {
        let (palms, share) = try await palms()
        for agent in [Palms.browser, "curl/8.5.0"] {
            let followed = try await palms.follow(share, agent: agent, now: Self.now)
            let click = try #require(followed.click)
            #expect(followed.location.hasSuffix("&perks_click=\(click)"))
        }
        for token in ["", "nobody", String(repeating: "0", count: 14), share.token + "x"] {
            let code = try await refusal {
                _ = try await palms.backend.follow(token, Visit(address: "a", agent: Palms.browser), at: Self.now)
            }
            #expect(code == .notFound)
        }
        await palms.close()
    }

    @Test func keysAreDestroyedWhetherOrNotAnybodyClicks() async throws {
        let (palms, share) = try await palms()
        try await palms.follow(share, now: Self.now)
        try await palms.backend.destroyVisitorKeys(at: Self.now.adding(seconds: 86_400))
        #expect(try await palms.count("select count(*) from visitor_key") == 1)
        try await palms.backend.destroyVisitorKeys(at: Self.now.adding(seconds: 2 * 86_400))
        #expect(try await palms.count("select count(*) from visitor_key") == 0)
        await palms.close()
    }

    @Test func aRememberedLinkFollowsEveryChange() async throws {
        let (palms, share) = try await palms()
        let told = Task { await palms.backend.links.forgetChanged(announcedBy: palms.backend.database) }
        func location() async throws -> String {
            try await palms.backend.follow(share.token, Visit(address: "a", agent: Palms.browser), at: Self.now)
                .location
        }
        #expect(try await location().hasPrefix("https://palms.example/opening?"))
        try await palms.backend.transaction(as: palms.owner) { [owner = palms.owner] connection in
            let old = try Campaign.find(.slug("opening-night"), forUpdate: true, as: owner, in: connection)
            var draft = old.draft
            draft.landingURL = "https://palms.example/moved"
            _ = try old.replacing(with: draft, as: owner, at: Palms.now, in: connection)
        }
        // The announcement is on its way: asked until it has come.
        while try await !location().hasPrefix("https://palms.example/moved?") {}
        try await palms.optOut("net:g0")
        while try await location() != "https://palms.example/moved" {}
        told.cancel()
        await palms.close()
        await told.value
    }
}
