import Eligibility
import Foundation
import Testing

@testable import Perks
@testable import Postgres

@Suite struct GuestErasureTests {
    /// What names the guest of these tests; each is found nowhere else.
    private static let traces = [
        "quxana", "Annabel Quxworth", "1961-07-29", "1961-07-30", "Quxville", "quxmodel", "QUX-77", "77.31",
    ]

    @Test func nothingNamesAnErasedGuestAndEverythingStillCounts() async throws {
        let palms = try await Palms()
        let other = try await palms.another(brand: "bellagio")
        try await prepare(palms)
        try await prepare(other)
        let first = try await palms.redeem("net:quxana", key: "1").answer
        _ = try await palms.reverse(first.id)
        _ = try await palms.redeem("net:quxana", key: "2", as: palms.clerk)
        #expect(try await refusal { _ = try await palms.redeem("web:quxana", key: "3") } == .limitReached)
        _ = try await other.redeem("net:quxana", key: "1")
        let before = try await dump(palms)
        #expect(Self.traces.filter { !before.contains($0) } == [])
        #expect(try await palms.count("select count(*) from idempotency_key where answer like '%quxana%'") == 2)
        let counted = try await counts(palms)

        try await palms.erase("net:quxana")
        let after = try await dump(palms)
        for trace in Self.traces {
            let lines = after.split(separator: "\n").filter { $0.localizedCaseInsensitiveContains(trace) }
            #expect(lines.isEmpty, "\(trace) is still in the database: \(lines)")
        }
        #expect(try await counts(palms) == counted)
        #expect(try await palms.count("select count(distinct guest_id) from claim") == 1)
        #expect(try await palms.count("select count(*) from idempotency_key where claim_id is null") == 0)
        #expect(try await palms.count("select count(*) from audit_event where action = 'guest.erase'") == 1)

        let outcome = try await palms.importGuests("network,handle\nnet,other\nnet,QuxAna\nweb,@quxana")
        #expect(outcome.refused.map(\.line) == [3, 4])
        #expect(try await refusal { _ = try await palms.join("web:quxana", to: "net:other") } == .optedOut)
        #expect(try await palms.checkIn("net:quxana").guest.known == false)
        #expect(try await refusal { try await palms.erase("net:quxana") } == .guestNotFound)
        await palms.close()
    }

    /// A fingerprint is the hash of a request that names somebody: who guesses the name could see whether it fits.
    @Test func nobodyCanConfirmAGuessOfTheName() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.perGuest = .init(limit: 3, period: .day) }
        try await palms.importCrowd(2)
        let first = try await palms.redeem("net:g0", key: "reversed").answer
        _ = try await palms.reverse(first.id)
        _ = try await palms.redeem("net:g0", key: "order")
        _ = try await palms.hold("net:g0", key: "cart")
        _ = try await palms.redeem("net:g1", key: "other")
        try await palms.erase("net:g0")
        let query: Query = """
            select count(*) from idempotency_key k join claim c on c.brand_id = k.brand_id and c.id = k.claim_id
            where k.fingerprint = \([UInt8]())
            """
        #expect(try await palms.count(query) == 3)
        for key in ["reversed", "order"] {
            #expect(try await refusal { _ = try await palms.redeem("net:g0", key: key) } == .idempotencyKeyReused)
        }
        #expect(try await refusal { _ = try await palms.hold("net:g0", key: "cart") } == .idempotencyKeyReused)
        // Of who is still there nothing is forgotten.
        #expect(try await palms.redeem("net:g1", key: "other").isReplay)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func whatWasAnsweredAboutAnAbsorbedGuestGoesToo() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(2)
        try await palms.joinOnce("web:quxana", to: "net:g0", key: "1")
        try await palms.joinOnce("web:other", to: "net:g1", key: "2")
        try await palms.join("net:g0", to: "net:g1")
        #expect(try await palms.count("select count(*) from idempotency_key where guest_id is not null") == 2)
        try await palms.erase("net:g1")
        #expect(try await palms.count("select count(*) from idempotency_key") == 0)
        await palms.close()
    }

    @Test func listsGoOnWorking() async throws {
        let palms = try await Palms()
        try await prepare(palms)
        let redemption = try await palms.redeem("net:quxana", key: "1").answer
        try await palms.erase("net:quxana")
        let (redemptions, checkIns) = try await palms.backend.transaction(as: palms.owner) { connection in
            (
                try Redemption.list(PageRequest(), .init(), as: palms.owner, in: connection).data,
                try CheckIn.list(PageRequest(), as: palms.owner, in: connection).data
            )
        }
        #expect(redemptions.map(\.id) == [redemption.id])
        #expect(redemptions[0].guest.id == redemption.guest.id)
        #expect(redemptions[0].decision.conditions.isEmpty)
        #expect(checkIns[0].guest.id == redemption.guest.id)
        #expect(checkIns[0].perks.isEmpty)
        let id = try #require(checkIns[0].id)
        let explanation = try await palms.backend.transaction(as: palms.owner) { connection in
            try CheckIn.explain(id, as: palms.owner, in: connection)
        }
        #expect(explanation.facts == nil && explanation.rules.isEmpty)
        // The units are still taken back one by one.
        #expect(try await palms.reverse(redemption.id).status == .reversed)
        await palms.close()
    }

    @Test func whoMayNotAndWhoIsNotThere() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        #expect(try await refusal { try await palms.erase("net:g0", as: palms.owner) } == .forbidden)
        #expect(try await refusal { try await palms.erase("net:nobody") } == .guestNotFound)
        #expect(try await palms.count("select count(*) from guest") == 1)
        await palms.close()
    }

    @Test func aCheckInUnderWayLeavesNothingBehind() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(1)
        let owner = palms.owner
        let begun = AsyncStream<Void>.makeStream()
        async let erasure: Void = {
            for await _ in begun.stream { break }
            try await palms.erase("net:g0")
        }()
        try await palms.backend.transaction(as: owner) { [backend = palms.backend] connection in
            let draft = CheckIn.Draft(guest: "net:g0", venue: "las-vegas")
            _ = try DeskBatch.answer(
                [.init(.checkIn(draft), nil, as: owner, at: Palms.now)], backend.catalogues, in: connection)
            begun.continuation.yield()
            try connection.spin { try $0.isWaitedFor() || $0.query("select from guest").isEmpty }
        }
        try await erasure
        #expect(try await palms.count("select count(*) from check_in where decision ? 'record'") == 0)
        #expect(try await palms.count("select count(*) from check_in where guest_id is not null") == 1)
        await palms.close()
    }

    @Test func anImportUnderWayBringsNobodyBack() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(50)
        let file = "network,handle,city\n" + (0..<50).map { "net,g\($0),Quxville" }.joined(separator: "\n")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for guest in 0..<50 {
                if guest.isMultiple(of: 10) { group.addTask { try await insist(on: file, palms) } }
                group.addTask { guest.isMultiple(of: 2) ? try await palms.erase("net:g\(guest)") : () }
                group.addTask { _ = guest.isMultiple(of: 3) ? try await palms.optOut("net:new\(guest)") : nil }
                group.addTask { try await insist(on: "network,handle\nnet,new\(guest)", palms) }
            }
            try await group.waitForAll()
        }
        #expect(try await palms.count("select count(*) from guest where city = 'Quxville'") == 25)
        #expect(
            try await palms.count(
                "select count(*) from guest g where not exists (select from identity k where k.guest_id = g.guest_id)")
                == 0)
        for guest in stride(from: 0, to: 50, by: 3) {
            #expect(try await palms.checkIn("net:new\(guest)").guest.known == false)
        }
        await palms.close()
    }

    /// Imports a file as often as the caller is asked to try again.
    private func insist(on file: String, _ palms: Palms) async throws {
        while try await refusal({ try await palms.importGuests(file) }) == .overloaded {}
    }

    private func prepare(_ palms: Palms) async throws {
        try await palms.makeCampaign {
            $0.ruleText =
                "score >= 60 and city in (Quxville) and age >= 21 and score(best 900 days, model quxmodel) >= 1"
        }
        try await palms.makePerk { $0.stock = 10 }
        try await palms.putSegment("vip")
        try await palms.importGuests(
            """
            network,handle,display_name,birth_date,city,score,score_model,score_measured_at
            net,quxana,Annabel Quxworth,1961-07-29,Quxville,77.31,quxmodel,2026-06-01T00:00:00Z
            """)
        try await palms.joinOnce("web:quxana", to: "net:quxana", key: palms.owner.brand?.slug ?? "")
        try await palms.put("net:quxana", .init(memberNumber: "QUX-77", segments: ["vip"]))
        _ = try await palms.checkIn("net:quxana", id: date("1961-07-30"))
    }

    /// What is counted, but not what it is told apart by: that goes with the person.
    private func counts(_ palms: Palms) async throws -> JSONValue {
        let report = try await palms.backend.transaction(as: palms.owner) { connection in
            try JSONValue(
                of: Report.compute(for: .slug("opening-night"), .init(), as: palms.owner, at: Palms.now, in: connection)
            )
        }
        return .array([
            report["totals"] ?? .null, report["perks"] ?? .null, report["days"] ?? .null, report["venues"] ?? .null,
            .number(Decimal(try await palms.count("select sum(remaining)::bigint as count from perk_stock"))),
        ])
    }

    private func dump(_ palms: Palms) async throws -> String {
        let program = try ClusterBinaries.find(major: nil, environment: ProcessInfo.processInfo.environment)
            .program("pg_dump")
        let (dump, output) = (Process(), Pipe())
        dump.executableURL = URL(fileURLWithPath: program)
        dump.arguments = ["--inserts", "--dbname", palms.url]
        dump.standardOutput = output
        try dump.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        dump.waitUntilExit()
        try #require(dump.terminationStatus == 0)
        // The rules of a brand's own campaigns may well name a city or a model.
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
            .filter { !$0.contains(".campaign VALUES") && !$0.contains(".revision VALUES") }.joined(separator: "\n")
    }
}
