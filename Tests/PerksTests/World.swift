import Eligibility
import Foundation
import Postgres

@testable import Perks

/// Two hundred guests of every kind in a database, of whom two brands know different things.
struct World {
    let palms: Palms
    let guests: [ID<Guest>]
    /// What a rule of the brand may ask about redemptions.
    let subjects: [RedeemedLeaf.Subject]

    /// Moments at which the guests are judged: a usual one, the last of a February and both days after 28 February.
    static let moments = [
        Palms.now, moment("2027-03-01T07:59:59Z"), moment("2028-02-29T20:00:00Z"), moment("2027-03-01T08:00:00Z"),
    ]

    static let topicNames = [
        "drinks", "wine", "old-wine", "champagne", "beer", "coffee", "réunion", "french-overseas-(dom-tom)", "gone",
    ]
    static let models = ["2026.1", "2026.2", "", "b \"quoted\" \\"]
    static let segments = ["vip", "staff", "empty"]
    static let hundredths = [100, 101, 4000, 5824, 5999, 6000, 6001, 9999, 10_000]

    /// What guests may have, among it letters whose cases are no plain pairs.
    static func values(of attribute: AttributeLeaf.Attribute) -> [String] {
        switch attribute {
        case .country: ["US", "CA", "BR", "TR"]
        case .region: ["NV", "ON", "or", "in", "13"]
        case .gender: ["female", "male", "nonbinary"]
        case .language: ["en", "pt-BR", "tr"]
        case .city:
            [
                "Las Vegas", "São Paulo", "Straße", "STRASSE", "STRAẞE", "İstanbul", "istanbul", "ISTANBUL", "ıstanbul",
                "ΠΆΤΡΑΣ", "Πάτρας", "ΣΑΣ ΣΑΣ", "Łódź", "Ǆ", "ǅ", "\u{212A}iev", "Kiev", "\u{212B}s", "ÅS",
                "H\u{331}olon",
                "ẖolon", "J\u{30C}", "ΐ", "Ϊ\u{301}", "ﬁ", "FI", "ᲗᲑᲘᲚᲘᲡᲘ", "თბილისი", "Ꭰ", "ꭰ", "𐐀", "𐐨",
                "say \"hi\"", "back\\slash", "and", "I\u{307}", "\u{1E9B}\u{323}", "e\u{327}\u{301}",
            ]
        }
    }

    /// Makes up the guests; the same ones for the same seed, but for their identifiers.
    init(_ palms: Palms, seed: UInt64) async throws {
        self.palms = palms
        try await palms.importTopics(
            [
                (1, "drinks"), (2, "old-wine"), (3, "champagne"), (4, "beer"), (5, "coffee"), (6, "réunion"),
                (7, "french-overseas-(dom-tom)"), (8, "gone"),
            ],
            [(1, 2), (2, 3), (1, 4), (1, 5), (7, 6), (1, 8)])
        try await palms.importTopics(
            [
                (1, "drinks"), (2, "wine"), (3, "champagne"), (4, "beer"), (5, "coffee"), (6, "réunion"),
                (7, "french-overseas-(dom-tom)"),
            ],
            [(1, 2), (2, 3), (1, 4), (1, 5), (7, 6), (6, 5)])
        var subjects: [RedeemedLeaf.Subject] = [.perk("no-such"), .campaign("no-such")]
        for brand in [palms, try await palms.another(brand: "other")] {
            try await brand.backend.transaction(as: brand.owner) { connection in
                for slug in Self.segments {
                    _ = try Segment.put(slug, .init(name: slug), as: brand.owner, at: Palms.now, in: connection)
                }
            }
            for slug in ["opening", "autumn"] {
                let campaign = try await brand.makeCampaign(slug)
                subjects += [.campaign(slug), .campaign(campaign.id.description)]
                for name in ["\(slug)-spa", "\(slug)-suite"] {
                    let perk = try await brand.makePerk(name, in: slug)
                    subjects += [.perk(name), .perk(perk.id.description), .perk(perk.id.description.uppercased())]
                }
            }
        }
        self.subjects = subjects
        let database = Database(.init(url: palms.url, maximumConnections: 1), logger: Palms.logger)
        guests = try await database.transaction { connection in
            var people = try People(chance: RuleChance(state: seed), in: connection)
            return try (0..<200).map { _ in try people.add(in: connection) }
        }
        await database.close()
    }
}
