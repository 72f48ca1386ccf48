import Eligibility
import Foundation
import Postgres

@testable import Perks

/// Puts guests straight into the tables, with everything that a rule may ask for known, unknown or on an edge.
struct People {
    private var chance: RuleChance
    private let topics: [Int]
    private let perks: [Perk]
    private let segments: [(brand: ID<Brand>, id: ID<Segment>)]
    private let days: [LocalDate]
    private var count = 0

    private struct Perk {
        let brand: ID<Brand>
        let id: ID<Perks.Perk>
        let campaign: ID<Campaign>
        let venue: ID<Venue>
    }

    init(chance: RuleChance, in connection: isolated Connection) throws {
        self.chance = chance
        topics = try connection.query("select id from topic where not is_root order by id").map { try $0["id"] }
        perks = try connection.query(
            """
            select p.brand_id, p.id, p.campaign_id, v.id as venue_id
            from perk p join venue v on v.brand_id = p.brand_id order by p.brand_id, p.id
            """
        ).map { row in
            Perk(
                brand: try row["brand_id"], id: try row["id"], campaign: try row["campaign_id"],
                venue: try row["venue_id"])
        }
        segments = try connection.query(
            "select brand_id, id from segment where slug <> 'empty' order by brand_id, slug"
        )
        .map { (try $0["brand_id"], try $0["id"]) }
        days = World.moments.map { World.zone.local($0).date }
    }

    /// Adds one guest.
    mutating func add(in connection: isolated Connection) throws -> ID<Guest> {
        count += 1
        let id = ID<Guest>(at: Palms.now)
        let scores = scores()
        // Of two scores of one moment either may have come last.
        let newest = scores.filter { $0.at == scores.map(\.at).max() }.max { $0.recordedAt < $1.recordedAt }
        try connection.execute(
            """
            insert into guest
                (guest_id, birth_date, gender, country, region, city, language, reach, score, score_model,
                 score_measured_at, opted_out_at, created_at, updated_at)
            values
                (\(id), \(chance.maybe { [days] in $0.birthDate(near: days) }), \(value(of: .gender)),
                 \(value(of: .country)), \(value(of: .region)), \(value(of: .city)), \(value(of: .language)),
                 \(chance.maybe { $0.pick([0, 1, 998, 999, 1000, 1001, $0.number(0...2500)]) }), \(newest?.hundredths),
                 \(newest?.model), \(newest?.at), \(count % 20 == 0 ? Palms.now : nil), \(Palms.now), \(Palms.now))
            """)
        for score in scores {
            try connection.execute(
                """
                insert into guest_score (guest_id, measured_at, model, score, recorded_at)
                values (\(id), \(score.at), \(score.model), \(score.hundredths), \(score.recordedAt))
                """)
        }
        for network in ["twitter", "linkedin", "email", "net"] where chance.number(0...2) == 0 {
            for handle in 0...chance.number(0...1) {
                try connection.execute(
                    """
                    insert into identity (network, handle_key, handle, verified, guest_id, created_at)
                    values (\(network), \("\(count)-\(handle)"), 'any', \(chance.flip()), \(id), \(Palms.now))
                    """)
            }
        }
        for topic in topics where chance.number(0...3) == 0 {
            let strength = chance.pick([0, 1, 1999, 2000, 4049, 4050, 9999, 10_000, chance.number(0...10_000)])
            try connection.execute(
                "insert into guest_topic (guest_id, topic_id, strength) values (\(id), \(topic), \(strength))")
        }
        try addWhatBrandsKnow(of: id, in: connection)
        return id
    }

    private mutating func addWhatBrandsKnow(of guest: ID<Guest>, in connection: isolated Connection) throws {
        for brand in Set(perks.map(\.brand)).sorted(by: { $0.description < $1.description }) where chance.flip() {
            let isUnder13 = chance.number(0...5) == 0
            let birthDate = isUnder13 ? nil : chance.maybe { [days] in $0.birthDate(near: days) }
            try connection.execute(
                """
                insert into member (brand_id, guest_id, birth_date_on_id, under_13, created_at, updated_at)
                values (\(brand), \(guest), \(birthDate), \(isUnder13), \(Palms.now), \(Palms.now))
                """)
        }
        for segment in segments where chance.number(0...2) == 0 {
            try connection.execute(
                """
                insert into segment_member (brand_id, segment_id, guest_id, added_at)
                values (\(segment.brand), \(segment.id), \(guest), \(Palms.now))
                """)
        }
        for perk in perks {
            for slot in 0..<max(0, chance.number(-2...3)) {
                let status = chance.pick(["redeemed", "redeemed", "redeemed", "reversed", "held", "released"])
                let at = chance.moment(before: World.moments)
                let wasHeld = status == "held" || status == "released"
                let empty = JSONValue.object([:])
                try connection.execute(
                    """
                    insert into claim
                        (brand_id, id, perk_id, campaign_id, guest_id, venue_id, status, period_start, slot, cost, actor,
                         claimed_at, held_at, expires_at, ended_at, redeemed_at, reversed_at, receipt, hold_receipt)
                    values
                        (\(perk.brand), \(ID<Redemption>(at: Palms.now)), \(perk.id), \(perk.campaign), \(guest),
                         \(perk.venue), \(status), '2026-01-01', \(slot + 1), 0, 'test', \(at), \(wasHeld ? at : nil),
                         \(wasHeld ? moment("2100-01-01T00:00:00Z") : nil), \(status == "released" ? at : nil),
                         \(wasHeld ? nil : at), \(status == "reversed" ? at : nil), \(wasHeld ? nil : empty),
                         \(wasHeld ? empty : nil))
                    """)
            }
        }
    }

    private struct Score {
        let at: Timestamp
        let model: String
        let hundredths: Int
        let recordedAt: Timestamp
    }

    private mutating func scores() -> [Score] {
        var scores: [Score] = []
        for number in 0..<max(0, chance.number(-1...4)) {
            let tied = scores.last.flatMap { last in chance.maybe { _ in last.at } }
            let score = Score(
                at: tied ?? chance.moment(before: World.moments), model: chance.pick(World.models),
                hundredths: chance.flip() ? chance.pick(World.hundredths) : chance.number(100...10_000),
                recordedAt: Palms.now.adding(seconds: number))
            if !scores.contains(where: { $0.at == score.at && $0.model == score.model }) { scores.append(score) }
        }
        return scores
    }

    private mutating func value(of attribute: AttributeLeaf.Attribute) -> String? {
        chance.maybe { $0.pick(World.values(of: attribute)).precomposedStringWithCanonicalMapping }
    }
}
