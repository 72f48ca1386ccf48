import Eligibility
import Foundation
import Perks
import Postgres
import Testing

@Suite struct GuestExportTests {
    @Test func everythingThatIsHeldIsShown() async throws {
        let palms = try await Palms()
        let other = try await palms.another(brand: "bellagio")
        try await palms.importCrowd(2)
        for brand in [palms, other] {
            try await brand.makeCampaign { $0.ruleText = "score >= 60" }
            try await brand.makePerk()
            try await brand.putSegment("vip")
        }
        try await palms.put("net:g0", .init(memberNumber: "7", segments: ["vip"]))
        _ = try await palms.checkIn("net:g0", id: date("1970-05-01"))
        _ = try await palms.redeem("net:g0", key: "1")
        _ = try await palms.reverse(try await palms.redeem("net:g1", key: "2").answer.id)
        _ = try await refusal { _ = try await palms.redeem("net:g0", key: "3") }
        _ = try await other.checkIn("net:g0")
        _ = try await other.checkIn("net:g1")
        _ = try await palms.join("web:g0", to: "net:g0")

        let export = try await palms.export("web:g0")
        #expect(Guest.Export.schema.violations(in: try JSONValue(of: export)) == [])
        #expect(export.guest.identities.count == 2 && export.scores.count == 1 && !export.truncated)
        #expect(export.brands.map(\.brand) == ["bellagio", "palms"])
        let (foreign, own) = (export.brands[0], export.brands[1])
        #expect(foreign.checkIns.count == 1 && foreign.member == nil && foreign.claims.isEmpty)
        #expect(own.member?["member_number"] == .string("7"))
        #expect(own.member?["birth_date_on_id"] == .string("1970-05-01"))
        #expect(own.segments.map { $0["slug"] } == [.string("vip")])
        #expect(own.checkIns[0]["at"] == .string(Palms.now.rfc3339))
        #expect(own.claims.map { $0["status"] } == [.string("redeemed")])
        #expect(own.claims[0]["facts"]?["age"] == .number(56))
        #expect(own.refusals.map { $0["code"] } == [.string("limit_reached")])
        #expect(try await palms.count("select count(*) from audit_event where action = 'guest.export'") == 1)
        await palms.close()
    }

    @Test func longListsAreCutAndSaidToBe() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        for second in 0..<3 {
            _ = try await palms.checkIn("net:g0", now: Palms.now.adding(seconds: second))
        }
        #expect(try await palms.export("net:g0", limit: 3).truncated == false)
        let cut = try await palms.export("net:g0", limit: 2)
        #expect(cut.truncated)
        #expect(
            cut.brands[0].checkIns.map { $0["at"] }
                == [2, 1].map { .string(Palms.now.adding(seconds: $0).rfc3339) })
        await palms.close()
    }

    @Test func nobodyElseMay() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        _ = try await palms.checkIn("net:g0")
        #expect(try await refusal { _ = try await palms.export("net:g0", as: palms.owner) } == .forbidden)
        #expect(try await refusal { _ = try await palms.export("net:nobody") } == .guestNotFound)
        await palms.close()
    }
}
