import Foundation
import Perks
import Postgres
import Testing

@Suite struct TenancyTests {
    /// Every table of the brand family holds rows of two brands; as `perks_app` each sees its own, and nobody without a brand any.
    @Test func rowsOfABrandAreSeenByThatBrandAlone() async throws {
        let palms = try await Palms()
        try await fill(palms)
        let other = try await palms.another(brand: "bellagio")
        try await fill(other)

        let database = Database(.init(url: palms.url, role: "perks_app"), logger: Palms.logger)
        let tables = try await database.read(
            """
            select c.relname::text as name from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'brand_id' and not a.attisdropped
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1
            """
        ).map { try $0.decode("name", as: String.self) }
        for table in tables {
            let unscoped: Int = try await database.read("select count(*) from \(identifier: table)")[0]["count"]
            #expect(unscoped == 0, "\(table) shows rows without a brand")
            for brand in [palms, other] {
                let id = try #require(brand.owner.brand).id.uuid
                let (all, own) = try await database.transaction { connection in
                    try connection.query("select set_config('perks.brand', \(id.uuidString), true)")
                    let row = try connection.query(
                        "select count(*) as rows, count(*) filter (where brand_id = \(id)) as own from \(identifier: table)"
                    )[0]
                    return (try row.decode("rows", as: Int.self), try row.decode("own", as: Int.self))
                }
                #expect(all == own, "\(table) shows rows of another brand")
                #expect(own > 0, "the test leaves \(table) empty, so that it proves nothing")
            }
            // The brand of a transaction is gone with it.
            let after: Int = try await database.read("select count(*) from \(identifier: table)")[0]["count"]
            #expect(after == 0)
        }
        await database.close()
        await palms.close()
    }

    @Test func rowsCannotBeWrittenForAnotherBrand() async throws {
        let palms = try await Palms()
        let other = try await palms.another(brand: "bellagio")
        let foreign = try #require(other.owner.brand).id
        let error = await #expect(throws: PostgresError.self) {
            try await palms.backend.transaction(as: palms.owner) { connection in
                try connection.execute("update brand set name = name where id = \(foreign)")
                try connection.execute(
                    """
                    insert into venue (brand_id, id, slug, name, time_zone, country, created_at)
                    values (\(foreign), \(ID<Venue>(at: Palms.now)), 'x', 'x', 'UTC', 'US', now())
                    """)
            }
        }
        #expect(error?.sqlState == "42501")
        await palms.close()
    }

    @Test func anotherBrandsObjectsLookAbsent() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        let perk = try await palms.makePerk()
        try await palms.importCrowd(1)
        let redemption = try await palms.redeem("net:g0", key: "1").answer
        let other = try await palms.another(brand: "bellagio")
        func code(_ work: @escaping @Sendable (isolated Connection, Principal) throws -> Void) async throws
            -> PerksError.Code?
        {
            try await refusal {
                try await other.backend.transaction(as: other.owner) { try work($0, other.owner) }
            }
        }
        #expect(try await code { _ = try Perk.find(.id(perk.id), as: $1, in: $0) } == .perkNotFound)
        #expect(try await code { _ = try Perk.find(.slug(perk.slug), as: $1, in: $0) } == .perkNotFound)
        #expect(try await code { _ = try Campaign.find(.slug("opening-night"), as: $1, in: $0) } == .campaignNotFound)
        #expect(try await code { _ = try Redemption.find(redemption.id, as: $1, in: $0) } == .redemptionNotFound)
        #expect(try await code { _ = try Brand.find(.slug("palms"), as: $1, in: $0) } == .brandNotFound)
        #expect(
            try await code {
                _ = try Redemption.reverse(redemption.id, .init(reason: "x"), as: $1, at: Palms.now, in: $0)
            } == .redemptionNotFound)
        #expect(try await refusal { _ = try await other.redeem("net:g0", key: "1") } == .perkNotFound)
        await palms.close()
    }

    /// Leaves a row in every table of the brand family.
    private func fill(_ palms: Palms) async throws {
        try await palms.makeCampaign {
            $0.venues = ["las-vegas"]
            $0.budget = .init(amount: 1000, currency: "USD")
            $0.landingURL = "https://palms.example"
        }
        try await palms.makePerk { $0.stock = 1 }
        try await palms.importCrowd(2)
        _ = try await palms.checkIn("net:g0", id: date("1980-01-01"))
        _ = try await palms.redeem("net:g0", key: "1")
        #expect(try await refusal { _ = try await palms.redeem("net:g1", key: "2") } == .soldOut)
        let share = try await palms.share("net:g1")
        try await palms.post("https://net.example/1", with: share.id)
        let click = try #require(try await palms.follow(share, now: Palms.now.adding(seconds: 60)).click)
        _ = try await palms.convert(.init(click: click), now: Palms.now.adding(seconds: 120))
        try await palms.makePerk("voucher")
        try await palms.importCodes("first\nsecond", for: "voucher")
        try await palms.backend.transaction(as: palms.owner) { connection in
            _ = try Key.create(.init(role: .clerk, label: "desk"), as: palms.owner, at: Palms.now, in: connection)
            _ = try Segment.put("vip", .init(name: "VIP"), as: palms.owner, at: Palms.now, in: connection)
            _ = try Member.put(
                GuestReference("net:g0"), .init(segments: ["vip"]), as: palms.owner, at: Palms.now, in: connection)
        }
    }
}
