import Foundation
import Testing

@testable import Eligibility

/// Every code with its sentence, and the order of reasons.
@Suite struct ReasonTests {
    private static let unknown: @Sendable (inout Facts) -> Void = { $0 = Facts(now: now) }
    private static let history: @Sendable (inout Facts) -> Void = {
        $0.redeemed = [Facts.Redemption(perk: ["spa"], campaign: ["autumn"], at: now - day)]
    }
    private static let tastes: @Sendable (inout Facts) -> Void = {
        $0.topics = ["coffee": 3000, "wine": 5000]
        $0.topicsBelow = $0.topics
    }

    typealias Case = (
        change: @Sendable (inout Facts) -> Void, rule: String, code: String, text: String, required: ReasonValue?,
        actual: ReasonValue?
    )

    private static let cases: [Case] = [
        (unknown, "score >= 60", "score_unknown", "The score is unknown.", nil, nil),
        (
            { _ in }, "score(fresh 9 days) >= 1", "score_too_old", "The newest score is older than 9 days.",
            .number(900), nil
        ),
        ({ _ in }, "score >= 60", "score_below_minimum", "The score is below 60.", .number(6000), .number(5824)),
        ({ _ in }, "score <= 50.5", "score_above_maximum", "The score is above 50.5.", .number(5050), .number(5824)),
        ({ _ in }, "not score >= 50", "score_not_below", "The score is not below 50.", .number(5000), .number(5824)),
        ({ _ in }, "not score <= 60", "score_not_above", "The score is not above 60.", .number(6000), .number(5824)),
        (
            { _ in }, "not score between 50 and 60", "score_not_outside", "The score is between 50 and 60.",
            .list(["50", "60"]), .number(5824)
        ),
        (unknown, "topic(coffee)", "topic_unknown", "The topics are unknown.", nil, nil),
        (
            { _ in }, "topic(beer, gin)", "topic_missing", "The guest does not have the topic beer or gin.",
            .list(["beer", "gin"]), .number(0)
        ),
        (
            tastes, "topic(coffee, wine; all) >= 40", "topic_below_minimum", "The strength in coffee is below 40.",
            .number(4000), .number(3000)
        ),
        (
            tastes, "not topic(coffee, wine)", "topic_not_below", "The strength in coffee and wine is not below 20.",
            .number(2000), .number(5000)
        ),
        (unknown, "age >= 21", "age_unknown", "The age is unknown; check an ID.", nil, nil),
        ({ _ in }, "age >= 40", "age_below_minimum", "The age is below 40.", .number(4000), .number(3600)),
        ({ _ in }, "age <= 30", "age_above_maximum", "The age is above 30.", .number(3000), .number(3600)),
        ({ _ in }, "not age >= 30", "age_not_below", "The age is not below 30.", .number(3000), .number(3600)),
        ({ _ in }, "not age <= 40", "age_not_above", "The age is not above 40.", .number(4000), .number(3600)),
        (
            { _ in }, "not age between 30 and 40", "age_not_outside", "The age is between 30 and 40.",
            .list(["30", "40"]), .number(3600)
        ),
        (unknown, "country in (US)", "country_unknown", "The country is unknown.", nil, nil),
        (
            { _ in }, "country in (CA, MX)", "country_not_listed", "The country is not CA or MX.",
            .list(["CA", "MX"]), .text("US")
        ),
        (
            { _ in }, "not country in (us)", "country_excluded", "The country is among the excluded: us.",
            .list(["us"]), .text("US")
        ),
        (unknown, "region in (NV)", "region_unknown", "The region is unknown.", nil, nil),
        ({ _ in }, "region in (ON)", "region_not_listed", "The region is not ON.", .list(["ON"]), .text("NV")),
        (
            { _ in }, "not region in (NV)", "region_excluded", "The region is among the excluded: NV.",
            .list(["NV"]), .text("NV")
        ),
        (unknown, "city in (Reno)", "city_unknown", "The city is unknown.", nil, nil),
        (
            { _ in }, "city in (a, b, c, d, e, f, g)", "city_not_listed", "The city is not a, b, c, d, e or 2 others.",
            .list(["a", "b", "c", "d", "e", "f", "g"]), .text("Las Vegas")
        ),
        (
            { _ in }, #"not city in ("Las Vegas")"#, "city_excluded", "The city is among the excluded: Las Vegas.",
            .list(["Las Vegas"]), .text("Las Vegas")
        ),
        (unknown, "gender in (f)", "gender_unknown", "The gender is unknown.", nil, nil),
        ({ _ in }, "gender in (m)", "gender_not_listed", "The gender is not m.", .list(["m"]), .text("f")),
        (
            { _ in }, "not gender in (f)", "gender_excluded", "The gender is among the excluded: f.", .list(["f"]),
            .text("f")
        ),
        (unknown, "language in (en)", "language_unknown", "The language is unknown.", nil, nil),
        ({ _ in }, "language in (de)", "language_not_listed", "The language is not de.", .list(["de"]), .text("en")),
        (
            { _ in }, "not language in (en)", "language_excluded", "The language is among the excluded: en.",
            .list(["en"]), .text("en")
        ),
        (unknown, "segment in (vip)", "segment_unknown", "The segments of the guest are unknown.", nil, nil),
        (
            { $0.segments = ["staff", "a"] }, "segment in (vip)", "segment_missing",
            "The guest is not in the segment vip.",
            .list(["vip"]), .list(["a", "staff"])
        ),
        (
            { $0.segments = ["staff"] }, "not segment in (staff)", "segment_excluded",
            "The guest is in an excluded segment: staff.", .list(["staff"]), .list(["staff"])
        ),
        (unknown, "network in (x)", "network_unknown", "The networks of the guest are unknown.", nil, nil),
        ({ _ in }, "network in (x)", "network_missing", "The guest has no handle on x.", .list(["x"]), .list([])),
        (
            { $0.networks = [Facts.Network(name: "x", verified: false)] }, "network in (x; verified)",
            "network_unverified",
            "The handle on x is not verified.", .list(["x"]), .list(["x"])
        ),
        (
            { $0.networks = [Facts.Network(name: "x", verified: false)] }, "not network in (x)", "network_excluded",
            "The guest has a handle on an excluded network: x.", .list(["x"]), .list(["x"])
        ),
        (unknown, "reach >= 1", "reach_unknown", "The reach is unknown.", nil, nil),
        (
            { _ in }, "reach >= 1000", "reach_below_minimum", "The reach is below 1000.", .number(100_000),
            .number(50_000)
        ),
        ({ _ in }, "reach <= 100", "reach_above_maximum", "The reach is above 100.", .number(10_000), .number(50_000)),
        (
            { _ in }, "not reach >= 100", "reach_not_below", "The reach is not below 100.", .number(10_000),
            .number(50_000)
        ),
        (
            { _ in }, "not reach <= 900", "reach_not_above", "The reach is not above 900.", .number(90_000),
            .number(50_000)
        ),
        (
            { _ in }, "not reach between 1 and 900", "reach_not_outside", "The reach is between 1 and 900.",
            .list(["1", "900"]), .number(50_000)
        ),
        (unknown, "redeemed(perk spa) >= 1", "redeemed_unknown", "What the guest has redeemed is unknown.", nil, nil),
        (
            history, "redeemed(perk spa) >= 2", "redeemed_below_minimum", "The redemptions of spa are fewer than 2.",
            .number(200), .number(100)
        ),
        (
            history, "redeemed(perk spa; within 2 days) >= 2", "redeemed_below_minimum",
            "The redemptions of spa within 2 days are fewer than 2.", .number(200), .number(100)
        ),
        (
            history, "redeemed(perk spa) <= 0", "redeemed_above_maximum", "The redemptions of spa are more than 0.",
            .number(0), .number(100)
        ),
        (
            history, "redeemed(perk spa; within 2 days) <= 0", "redeemed_above_maximum",
            "The redemptions of spa within 2 days are more than 0.", .number(0), .number(100)
        ),
        (
            history, "not redeemed(perk spa) >= 1", "redeemed_not_below",
            "The redemptions of spa are not fewer than 1.",
            .number(100), .number(100)
        ),
        (
            history, "not redeemed(perk spa; within 2 days) >= 1", "redeemed_not_below",
            "The redemptions of spa within 2 days are not fewer than 1.", .number(100), .number(100)
        ),
        (
            history, "not redeemed(perk spa) <= 1", "redeemed_not_above", "The redemptions of spa are not more than 1.",
            .number(100), .number(100)
        ),
        (
            history, "not redeemed(perk spa; within 2 days) <= 1", "redeemed_not_above",
            "The redemptions of spa within 2 days are not more than 1.", .number(100), .number(100)
        ),
        (
            history, "not redeemed(campaign autumn) between 1 and 2", "redeemed_not_outside",
            "The redemptions of autumn are between 1 and 2.", .list(["1", "2"]), .number(100)
        ),
        (
            history, "not redeemed(perk spa; within 2 days) between 1 and 2", "redeemed_not_outside",
            "The redemptions of spa within 2 days are between 1 and 2.", .list(["1", "2"]), .number(100)
        ),
        (unknown, "local_time(mon)", "local_time_unknown", "The local time is unknown.", nil, nil),
        (
            { _ in }, "local_time(mon-wed, 16:00-19:00)", "local_time_outside",
            "The local time is outside mon-wed, 16:00-19:00.", .text("mon-wed, 16:00-19:00"), .text("sat, 11:02")
        ),
        (
            { _ in }, "not local_time(sat)", "local_time_excluded", "The local time is within sat.",
            .text("sat"), .text("sat, 11:02")
        ),
    ]

    @Test(arguments: cases.indices)
    func saysWhatIsMissing(index: Int) throws {
        let element = Self.cases[index]
        let verdict = CompiledRule(try Rule(parsing: element.rule)).verdict(guest(element.change))
        let reason = try #require(verdict.reasons.first)
        #expect(verdict.reasons.count == 1)
        #expect(reason.code == element.code)
        #expect(reason.text == element.text)
        #expect(reason.required == element.required)
        #expect(reason.actual == element.actual)
    }

    @Test func hasASentenceOfEveryKindInTheTable() {
        let codes = Set(Self.cases.map(\.code))
        let leaves = Leaf.kinds.flatMap { $0.sentences.filter { $0.value.hasSuffix(".") }.keys }
        #expect(Set(leaves.map { $0.replacing("_within", with: "") }) == codes)
        #expect(Leaf.kinds.map { $0.sentences.count }.reduce(0, +) + 12 == Sentences.english.templates.count)
    }

    @Test func namesWhatTheGuestCanChangeFirst() throws {
        let rule = try Rule(
            parsing: """
                age >= 40 and gender in (m) and country in (CA) and language in (de) and score >= 60 and reach >= 1000 \
                and topic(beer) and redeemed(perk spa) >= 1 and network in (x) and segment in (vip) and local_time(mon)
                """)
        #expect(
            CompiledRule(rule).verdict(guest()).reasons.map(\.code) == [
                "local_time_outside", "network_missing", "segment_missing", "score_below_minimum",
                "reach_below_minimum",
                "topic_missing", "redeemed_below_minimum", "country_not_listed", "language_not_listed",
                "age_below_minimum", "gender_not_listed",
            ])
    }

    @Test func explainsOnlyWhatFailsUnderWhatFails() throws {
        let rule = try Rule(
            parsing: """
                (segment in (vip) or reach >= 1) and (score >= 60 or segment in (vip)) \
                and not (country in (US) and not age >= 40)
                """)
        let verdict = CompiledRule(rule).verdict(guest())
        #expect(
            verdict.reasons.map(\.code)
                == ["segment_missing", "score_below_minimum", "country_excluded", "age_below_minimum"])
        #expect(
            verdict.conditions.map(\.text) == [
                "segment in (vip)", "reach >= 1", "score >= 60", "segment in (vip)", "not country in (US)", "age >= 40",
            ])
        #expect(verdict.conditions.map(\.result) == [.false, .true, .false, .false, .false, .false])
    }

    @Test func keepsTheConditionsOfCampaignAndPerkInOrder() throws {
        let campaign = try Rule(parsing: "country in (US, CA)")
        let perk = try Rule(parsing: "score >= 40 and age >= 21")
        let verdict = CompiledRule(all: [campaign, nil, perk]).verdict(guest())
        #expect(verdict.qualifies)
        #expect(verdict.reasons.isEmpty)
        #expect(verdict.conditions.map(\.text) == ["country in (US, CA)", "score >= 40", "age >= 21"])
    }

    @Test func aMissingRuleIsTrueAndAnEmptyAnyAdmitsNobody() {
        #expect(CompiledRule(nil).verdict(guest()).qualifies)
        let verdict = CompiledRule(.any([])).verdict(guest())
        #expect(verdict.reasons.map(\.code) == ["rule_admits_nobody"])
        #expect(verdict.nearest == nil)
    }

    @Test func speaksAnotherLanguageAndEnglishWhereItCannot() throws {
        let german = Sentences([
            "score_below_minimum": "Der Wert liegt unter {required}.", "score_at_least": "ein Wert ab {required}",
            "nearest": "{changes} würde genügen.",
        ])
        let rule = CompiledRule(try Rule(parsing: "score >= 60 and reach >= 1000"))
        let verdict = rule.verdict(guest { $0.reach = 1000 }, in: german)
        #expect(verdict.reasons.map(\.text) == ["Der Wert liegt unter 60."])
        #expect(verdict.nearest == "Ein Wert ab 60 würde genügen.")
        #expect(rule.verdict(guest(), in: german).reasons.map(\.text).last == "The reach is below 1000.")
    }

    @Test(arguments: [
        (ReasonValue.number(6000), "60"), (.number(5824), "58.24"), (.number(-50), "-0.5"), (.text("a"), #""a""#),
        (.list(["a", "b"]), #"["a","b"]"#),
    ])
    func encodesWhatIsAskedFor(value: ReasonValue, json: String) throws {
        #expect(String(decoding: try JSONEncoder().encode(value), as: UTF8.self) == json)
    }

    @Test func survivesImpossibleNumbers() throws {
        let rule = CompiledRule(try Rule(parsing: "reach <= 1 and score(fresh 36500 days) >= 100"))
        let verdict = rule.verdict(
            guest {
                $0.now = .min
                $0.reach = .max
                $0.scores = [Facts.Score(hundredths: .min, model: "", measuredAt: .min)]
            })
        #expect(verdict.reasons.map(\.actual) == [.number(.max), .number(.min)])
    }
}
