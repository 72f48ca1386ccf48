import Eligibility
import Foundation
import Perks
import Postgres
import Testing

@Suite struct MemberTests {
    @Test func aBrandKnowsItsOwn() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(2)
        try await putSegment("vip", palms)
        let (member, isNew) = try await put(
            "net:g0", .init(memberNumber: "7", birthDateOnID: date("1970-05-01"), segments: ["vip"]), palms)
        #expect(isNew)
        #expect(member.memberNumber == "7" && member.segments == ["vip"])
        // The number names the guest, within this brand.
        #expect(try await palms.checkIn("member:7").guest.age == .verified)
        let other = try await palms.another(brand: "bellagio")
        #expect(try await other.checkIn("member:7").guest.known == false)
        // A birth date that is left out stays, a number and segments that are left out go.
        let (changed, isNewAgain) = try await put("net:g0", .init(), palms)
        #expect(!isNewAgain)
        #expect(changed.memberNumber == nil && changed.segments.isEmpty)
        #expect(changed.birthDateOnID == date("1970-05-01"))
        await palms.close()
    }

    @Test func whatDoesNotFitIsRefused() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(2)
        _ = try await put("net:g0", .init(memberNumber: "7"), palms)
        #expect(
            try await refusal { _ = try await put("net:g1", .init(memberNumber: "7"), palms) } == .memberNumberTaken)
        #expect(
            try await refusal { _ = try await put("net:g1", .init(segments: ["no-such"]), palms) } == .segmentNotFound)
        #expect(try await refusal { _ = try await put("net:nobody", .init(), palms) } == .guestNotFound)
        #expect(
            try await refusal { _ = try await put("net:g1", .init(birthDateOnID: date("2027-01-01")), palms) }
                == .invalidRequest)
        await palms.close()
    }

    @Test func aSegmentDecides() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(3)
        try await putSegment("vip", palms)
        try await putSegment("staff", palms)
        try await palms.makeCampaign { $0.ruleText = "segment in (vip) and not segment in (staff)" }
        try await palms.makePerk()
        let outcome = try await SegmentImport(palms.backend, as: palms.owner, at: Palms.now).run(
            stream("guest\nnet:g0\nnet:g1\n\nnet:@G0\nnet:nobody\nnonsense\na,b\n", chunk: 3), into: "vip")
        #expect((outcome.added, outcome.unchanged, outcome.refusedCount) == (2, 1, 3))
        #expect(outcome.refused.map(\.line) == [6, 7, 8])
        _ = try await put("net:g1", .init(segments: ["vip", "staff"]), palms)
        #expect(try await palms.checkIn("net:g0").perks.map(\.outcome) == [.qualified])
        let staff = try await palms.checkIn("net:g1").perks[0]
        #expect(staff.reasons.map(\.code) == ["segment_excluded"])
        #expect(try await palms.checkIn("net:g2").perks[0].reasons.map(\.code) == ["segment_missing"])
        try await palms.backend.transaction(as: palms.owner) { connection in
            try Segment.remove(
                GuestReference("net:g0"), from: "vip", as: palms.owner, at: Palms.now, in: connection)
        }
        #expect(try await palms.checkIn("net:g0").perks.map(\.outcome) == [.notQualified])
        await palms.close()
    }

    @Test func anUnknownSegmentIsRefusedWithTheNearest() async throws {
        let palms = try await Palms()
        try await putSegment("employees", palms)
        let error = await #expect(throws: PerksError.self) {
            try await palms.makeCampaign { $0.ruleText = "not segment in (employes)" }
        }
        #expect(error?.code == .invalidRule)
        let detail = try #require(error?.violations.first?.detail)
        #expect(detail.hasPrefix("line 1, column 5:") && detail.contains("employees"), "\(detail)")
        await palms.close()
    }

    private func put(
        _ guest: String, _ draft: Member.Draft, _ palms: Palms
    ) async throws -> (member: Member, isNew: Bool) {
        let reference = try GuestReference(guest)
        return try await palms.backend.transaction(as: palms.owner) { connection in
            try Member.put(reference, draft, as: palms.owner, at: Palms.now, in: connection)
        }
    }

    private func putSegment(_ slug: String, _ palms: Palms) async throws {
        _ = try await palms.backend.transaction(as: palms.owner) { connection in
            try Segment.put(slug, .init(name: slug), as: palms.owner, at: Palms.now, in: connection)
        }
    }
}
