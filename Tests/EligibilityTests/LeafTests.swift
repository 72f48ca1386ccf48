import Eligibility
import Testing

/// What each leaf means, guest by guest.
@Suite struct LeafTests {
    typealias Case = (change: @Sendable (inout Facts) -> Void, text: String, result: Truth)

    private func check(_ cases: [Case], sourceLocation: SourceLocation = #_sourceLocation) throws {
        for (index, element) in cases.enumerated() {
            let rule = try Rule(parsing: element.text)
            let facts = guest(element.change)
            let comment = Comment(rawValue: "case \(index): \(element.text)")
            #expect(CompiledRule(rule).result(facts) == element.result, comment, sourceLocation: sourceLocation)
            #expect(
                CompiledRule(.not(rule)).result(facts) == element.result.negated, comment,
                sourceLocation: sourceLocation)
        }
    }

    @Test func score() throws {
        let history: @Sendable (inout Facts) -> Void = {
            $0.scores = [
                Facts.Score(hundredths: 5000, model: "b", measuredAt: now - 30 * day),
                Facts.Score(hundredths: 7000, model: "a", measuredAt: now - 31 * day),
                Facts.Score(hundredths: 9000, model: "a", measuredAt: now - 90 * day - 1),
            ]
        }
        try check([
            ({ _ in }, "score >= 58.24", .true), ({ _ in }, "score >= 58.25", .false),
            ({ _ in }, "score <= 58.24", .true), ({ _ in }, "score <= 58.23", .false),
            ({ _ in }, "score between 58.24 and 58.24", .true), ({ _ in }, "score between 60 and 50", .false),
            ({ $0.scores = [] }, "score >= 1", .unknown), ({ _ in }, #"score(model "2025") >= 1"#, .unknown),
            ({ _ in }, #"score(model "2026.2") >= 1"#, .true),
            (history, "score >= 51", .false), (history, "score(best 90 days) >= 70", .true),
            (history, "score(best 90 days) >= 71", .false), (history, "score(best 91 days) >= 90", .true),
            (history, "score(best 29 days) >= 1", .unknown), (history, "score(best 30 days) >= 50", .true),
            (history, "score(best 30 days) >= 51", .false),
            (history, "score(fresh 30 days) >= 1", .true), (history, "score(fresh 29 days) >= 1", .unknown),
            (history, #"score(model "a", fresh 30 days) >= 1"#, .unknown),
            (history, #"score(model "a", fresh 31 days) >= 70"#, .true),
            (history, #"score(model "b", best 90 days) >= 51"#, .false),
            (history, "score(best 91 days, fresh 30 days) >= 90", .true),
            (history, "score(best 91 days, fresh 29 days) >= 90", .unknown),
        ])
    }

    @Test func topic() throws {
        let tastes: @Sendable (inout Facts) -> Void = {
            $0.topics = ["espresso": 4000, "wine": 1999]
            $0.topicsBelow = ["espresso": 4000, "coffee": 4000, "wine": 1999]
        }
        try check([
            (tastes, "topic(coffee) >= 40", .true), (tastes, "topic(coffee) >= 40.01", .false),
            (tastes, "topic(coffee; exact)", .false), (tastes, "topic(espresso; exact)", .true),
            (tastes, "topic(wine)", .false), (tastes, "topic(wine) >= 19.99", .true),
            (tastes, "topic(wine, coffee)", .true), (tastes, "topic(wine, coffee; all)", .false),
            (tastes, "topic(wine, coffee; all) >= 19", .true), (tastes, "topic(beer)", .false),
            (tastes, "topic(Coffee)", .false), ({ _ in }, "topic(coffee)", .false),
            (
                {
                    $0.topicsBelow = nil; $0.topics = ["coffee": 4000]
                }, "topic(coffee)", .true
            ),
            (
                {
                    $0.topicsBelow = nil; $0.topics = nil
                }, "topic(coffee)", .unknown
            ),
        ])
    }

    @Test func age() throws {
        let born = { (date: String) -> @Sendable (inout Facts) -> Void in { $0.birthDate = LocalDate(date) } }
        try check([
            (born("2005-11-21"), "age >= 21", .true), (born("2005-11-22"), "age >= 21", .false),
            (born("1990-11-21"), "age between 21 and 35", .false), (born("1990-11-22"), "age between 21 and 35", .true),
            (born("1990-11-22"), "age <= 35", .true), (born("none"), "age >= 21", .unknown),
            ({ $0.local = nil }, "age >= 21", .unknown),
        ])
    }

    @Test func attributes() throws {
        try check([
            ({ _ in }, "country in (CA, us)", .true), ({ _ in }, "country in (CA)", .false),
            ({ $0.country = nil }, "country in (CA)", .unknown), ({ _ in }, "region in (nv)", .true),
            ({ _ in }, #"city in ("las vegas")"#, .true),
            ({ $0.city = "ÎLE D'ÉLÉE" }, #"city in ("île d'élée")"#, .true),
            ({ $0.city = "МОСКВА" }, "city in (Москва)", .true),
            ({ _ in }, "gender in (F)", .true), ({ $0.gender = nil }, "gender in (f)", .unknown),
            ({ _ in }, "language in (de)", .false), ({ $0.language = "DE" }, "language in (de)", .true),
            ({ $0.region = nil }, "region in (nv)", .unknown), ({ $0.region = "" }, "region in (nv)", .false),
        ])
    }

    @Test func segment() throws {
        try check([
            ({ $0.segments = ["vip"] }, "segment in (staff, vip)", .true), ({ _ in }, "segment in (vip)", .false),
            ({ $0.segments = nil }, "segment in (vip)", .unknown),
        ])
    }

    @Test func network() throws {
        let handle = { (verified: Bool) -> @Sendable (inout Facts) -> Void in
            { $0.networks = [Facts.Network(name: "Twitter", verified: verified)] }
        }
        try check([
            (handle(false), "network in (linkedin, twitter)", .true), (handle(false), "network in (TWITTER)", .true),
            (handle(false), "network in (twitter; verified)", .false),
            (handle(true), "network in (twitter; verified)", .true), (handle(true), "network in (linkedin)", .false),
            ({ _ in }, "network in (twitter)", .false), ({ $0.networks = nil }, "network in (twitter)", .unknown),
        ])
    }

    @Test func reach() throws {
        try check([
            ({ _ in }, "reach >= 500", .true), ({ _ in }, "reach >= 501", .false), ({ _ in }, "reach <= 499", .false),
            ({ $0.reach = nil }, "reach >= 1", .unknown), ({ $0.reach = .max }, "reach >= 1", .true),
        ])
    }

    @Test func redeemed() throws {
        let history: @Sendable (inout Facts) -> Void = {
            $0.redeemed = [
                Facts.Redemption(perk: ["suite", "perk_1"], campaign: ["opening", "campaign_1"], at: now - 30 * day),
                Facts.Redemption(perk: ["drink", "perk_2"], campaign: ["opening", "campaign_1"], at: now - 40 * day),
            ]
        }
        try check([
            (history, "redeemed(perk suite) >= 1", .true), (history, "redeemed(perk perk_1) >= 1", .true),
            (history, "redeemed(perk suite) >= 2", .false), (history, "redeemed(campaign opening) >= 2", .true),
            (history, "redeemed(campaign opening) <= 1", .false), (history, "redeemed(perk opening) >= 1", .false),
            (history, "redeemed(perk suite; within 30 days) >= 1", .true),
            (history, "redeemed(perk suite; within 29 days) >= 1", .false),
            (history, "redeemed(campaign campaign_1; within 39 days) between 1 and 1", .true),
            ({ _ in }, "redeemed(perk suite) <= 0", .true), ({ $0.redeemed = nil }, "redeemed(perk a) <= 0", .unknown),
        ])
    }

    @Test(arguments: [
        // 2026-11-21 is a Saturday
        ("2026-11-20", "22:00", "local_time(fri, 22:00-02:00)", Truth.true),
        ("2026-11-20", "21:59", "local_time(fri, 22:00-02:00)", .false),
        ("2026-11-21", "01:59", "local_time(fri, 22:00-02:00)", .true),
        ("2026-11-21", "02:00", "local_time(fri, 22:00-02:00)", .false),
        ("2026-11-20", "01:00", "local_time(fri, 22:00-02:00)", .false),
        ("2026-11-23", "01:00", "local_time(sun, 22:00-02:00)", .true),
        ("2026-11-22", "01:00", "local_time(sun, 22:00-02:00)", .false),
        ("2026-11-21", "16:00", "local_time(16:00-19:00)", .true),
        ("2026-11-21", "19:00", "local_time(16:00-19:00)", .false),
        ("2026-11-21", "23:59", "local_time(sat, 16:00-24:00)", .true),
        ("2026-11-22", "00:00", "local_time(sat, 16:00-24:00)", .false),
        ("2026-11-22", "00:00", "local_time(sat-sun)", .true), ("2026-11-23", "00:00", "local_time(sat-sun)", .false),
        ("2026-11-23", "00:00", "local_time(fri-mon)", .true),
    ])
    func localTime(date: String, time: String, text: String, result: Truth) throws {
        let date = try #require(LocalDate(date))
        let parts = try time.split(separator: ":").map { try #require(Int($0)) }
        let facts = guest { $0.local = Facts.Local(date: date, minute: parts[0] * 60 + parts[1]) }
        #expect(CompiledRule(try Rule(parsing: text)).result(facts) == result)
        #expect(CompiledRule(try Rule(parsing: text)).result(guest { $0.local = nil }) == .unknown)
    }

    @Test func rollsTopicsUpThroughLoops() {
        let ancestors = [
            "espresso": ["coffee"], "coffee": ["drinks", "coffee"], "drinks": ["espresso"], "wine": ["drinks"],
        ]
        #expect(
            Facts.rollUp(topics: ["espresso": 40, "wine": 60], ancestors: ancestors)
                == ["espresso": 60, "coffee": 60, "drinks": 60, "wine": 60])
        #expect(
            Facts.rollUp(topics: ["espresso": 40, "coffee": 30], ancestors: ["espresso": ["coffee", "drinks"]])
                == ["espresso": 40, "coffee": 40, "drinks": 40])
        #expect(Facts.rollUp(topics: [:], ancestors: ancestors) == [:])
    }
}
