import Foundation
import Testing

@testable import Perks
@testable import Postgres

@Suite struct OptOutTests {
    /// Whoever opted out cannot be told from somebody who was never there, by whatever name.
    @Test func whoOptedOutIsAsGoodAsUnknown() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(2)
        try await palms.putSegment("vip")
        let member = try await palms.put("net:g0", .init(memberNumber: "7", segments: ["vip"]))
        _ = try await palms.checkIn("net:g0")
        _ = try await palms.redeem("net:g0", key: "1")
        try await palms.optOut("net:g0")
        let owner = palms.owner
        for name in ["net:g0", "member:7", member.guest.description] {
            let reference = try GuestReference(name)
            #expect(try await palms.checkIn(name).guest.known == false)
            #expect(try await refusal { _ = try await palms.redeem(name, key: "2") } == .guestNotFound)
            #expect(try await refusal { _ = try await palms.guest(name, as: owner) } == .guestNotFound)
            #expect(try await refusal { _ = try await palms.put(name, .init()) } == .guestNotFound)
            #expect(try await refusal { _ = try await palms.member(name) } == .memberNotFound)
            try await palms.backend.transaction(as: owner) { connection in
                var filters = Redemption.Filters()
                filters.guest = name
                #expect(try Redemption.list(PageRequest(), filters, as: owner, in: connection).data.isEmpty)
                #expect(try CheckIn.list(PageRequest(), guest: name, as: owner, in: connection).data.isEmpty)
                try Segment.remove(reference, from: "vip", as: owner, at: Palms.now, in: connection)
            }
        }
        try await palms.backend.transaction(as: owner) { connection in
            #expect(try Guest.list(PageRequest(), as: owner, in: connection).data.isEmpty)
            #expect(try Member.list(PageRequest(), as: owner, in: connection).data.isEmpty)
            #expect(try Segment.find("vip", as: owner, in: connection).members == 0)
            let audience = try Audience.estimate(
                .init(ruleText: "reach >= 1 or segment in (vip)"), as: owner, at: Palms.now, in: connection)
            #expect(audience.total == 1 && audience.qualifying == 0)
        }
        let outcome = try await SegmentImport(palms.backend, as: owner, at: Palms.now)
            .run(stream("net:g0\nnet:nobody\n"), into: "vip")
        #expect(Set(outcome.refused.map(\.reason)).count == 1 && outcome.refusedCount == 2)
        // The operator, who answers for it, still finds the person.
        #expect(try await palms.guest("net:g0").optedOutAt == Palms.now)
        await palms.close()
    }

    @Test func aSecondOptOutChangesNothing() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        try await palms.optOut("net:g0")
        _ = try await palms.backend.transaction(as: palms.clerk) { connection in
            try OptOut.create(
                .init(identity: "net:g0"), as: palms.clerk, at: Palms.now.adding(seconds: 60), in: connection)
        }
        #expect(try await palms.guest("net:g0").optedOutAt == Palms.now)
        #expect(try await palms.count("select count(*) from tombstone") == 1)
        await palms.close()
    }

    @Test func anOptOutWaitsForTheRedemptionThatIsUnderWay() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        let owner = palms.owner
        let begun = AsyncStream<Void>.makeStream()
        async let optOut: OptOut = {
            for await _ in begun.stream { break }
            return try await palms.optOut("net:g0")
        }()
        try await palms.backend.transaction(as: owner) { connection in
            let guests = try Guest.lockForUse([GuestReference("net:g0")], as: owner, in: connection)
            #expect(guests.count == 1 && guests[0] != nil)
            begun.continuation.yield()
            let gone: Query = "select from guest where opted_out_at is not null"
            try connection.spin { try $0.isWaitedFor() || !$0.query(gone).isEmpty }
            #expect(try connection.query(gone).isEmpty)
        }
        _ = try await optOut
        #expect(try await palms.checkIn("net:g0").guest.known == false)
        await palms.close()
    }

    @Test func whoOptsOutDuringTheirFirstImportStaysOut() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        let clerk = palms.clerk
        let begun = AsyncStream<Void>.makeStream()
        async let outcome: GuestImport.Outcome = {
            for await _ in begun.stream { break }
            return try await palms.importGuests("network,handle,city\nnet,stranger,Graz\nnet,g0,Graz")
        }()
        try await palms.backend.transaction(as: clerk) { connection in
            _ = try Guest.lockForChange(where: "true", in: connection)
            begun.continuation.yield()
            // By now the import has looked whether anybody in it had opted out.
            try connection.spin { try $0.isWaitedFor() }
            _ = try OptOut.create(.init(identity: "net:stranger"), as: clerk, at: Palms.now, in: connection)
        }
        let (updated, refused) = (try await outcome.updated, try await outcome.refused)
        #expect(updated == 1 && refused.map(\.line) == [2])
        #expect(try await palms.count("select count(*) from guest") == 1)
        await palms.close()
    }
}
