import Testing

@testable import Eligibility

@Suite struct NearestTests {
    @Test(arguments: [
        ("score >= 60", "A score of 60 or more would qualify."),
        ("score <= 50", "A score of 50 or less would qualify."),
        ("not score >= 50", "A score below 50 would qualify."),
        ("not score between 50 and 58.5", "A score above 58.5 would qualify."),
        ("not score <= 100", nil),
        ("score >= 101", nil),
        ("score between 60 and 50", nil),
        ("score >= 60 and score >= 80", "A score of 80 or more would qualify."),
        ("score >= 60 and score <= 50", nil),
        (
            "score >= 60 and segment in (vip)",
            "A score of 60 or more and membership of the segment vip would qualify."
        ),
        ("score >= 60 or segment in (vip)", "Membership of the segment vip would qualify."),
        ("score >= 90 or score >= 60", "A score of 60 or more would qualify."),
        (
            "(segment in (a) or segment in (b)) and (segment in (c) or segment in (b))",
            "Membership of the segment b would qualify."
        ),
        ("segment in (a, b) and not segment in (a)", "Membership of the segment b would qualify."),
        ("not segment in (staff, vip)", "Leaving the segment staff would qualify."),
        ("topic(beer, wine) >= 40", "A strength of 40 or more in wine would qualify."),
        ("topic(beer, wine; all) >= 40", "A strength of 40 or more in beer and wine would qualify."),
        ("topic(tea, wine; all) >= 20", "A strength of 20 or more in tea would qualify."),
        ("not topic(wine, spirits)", "A strength below 20 in wine and spirits would qualify."),
        ("topic(beer) >= 40 and not topic(beer) >= 50", "A strength of 40 or more in beer would qualify."),
        ("topic(beer) >= 101", nil),
        ("reach >= 1000", "A reach of 1000 or more would qualify."),
        ("age >= 40", "An age of 40 or more would qualify."),
        ("age >= 40 or country in (CA)", "The country CA would qualify."),
        ("not country in (US, CA)", "A country other than US or CA would qualify."),
        ("gender in (m)", nil),
        ("gender in (m) or age >= 40", "An age of 40 or more would qualify."),
        ("network in (x, y)", "A handle on x would qualify."),
        ("network in (x, twitter; verified)", "A verified handle on twitter would qualify."),
        ("not network in (twitter)", "No handle on twitter would qualify."),
        ("redeemed(perk spa) >= 3", "3 or more redemptions of spa would qualify."),
        ("redeemed(perk spa) <= 0", nil),
        ("not redeemed(perk spa) <= 2", "More than 2 redemptions of spa would qualify."),
        ("local_time(mon-fri, 16:00-19:00)", "A visit on Monday at 16:00 would qualify."),
        ("local_time(10:00-11:00)", "A visit on Sunday at 10:00 would qualify."),
        ("not local_time(sat, 10:00-12:00)", "A visit on Saturday at 12:00 would qualify."),
        (
            "local_time(sat, 22:00-02:00) and not local_time(sat, 22:00-23:00)",
            "A visit on Saturday at 23:00 would qualify."
        ),
        (
            "segment in (vip) and local_time(mon) and score >= 60 or reach >= 501",
            "A reach of 501 or more would qualify."
        ),
    ])
    func findsTheSmallestChange(rule: String, sentence: String?) throws {
        let facts = guest {
            $0.segments = ["staff"]
            $0.topics = ["wine": 3000, "spirits": 2000]
            $0.topicsBelow = ["wine": 3000, "spirits": 2000]
            $0.networks = [Facts.Network(name: "twitter", verified: false)]
            $0.redeemed = [Facts.Redemption(perk: ["spa"], campaign: ["autumn"], at: now - day)]
        }
        let verdict = CompiledRule(try Rule(parsing: rule)).verdict(facts)
        #expect(!verdict.qualifies)
        #expect(verdict.nearest == sentence)
    }

    @Test(arguments: [
        ("score >= 60", "A score of 60 or more would qualify."),
        ("age >= 21", nil),
        ("country in (CA)", "The country CA would qualify."),
        ("gender in (m)", "The gender m would qualify."),
        ("segment in (vip)", nil), ("not segment in (vip)", nil), ("topic(a)", nil), ("network in (x)", nil),
        ("redeemed(perk a) <= 1", nil), ("local_time(mon)", nil),
    ])
    func proposesNothingAboutListsThatAreNotKnown(rule: String, sentence: String?) throws {
        #expect(CompiledRule(try Rule(parsing: rule)).verdict(Facts(now: now)).nearest == sentence)
    }

    @Test func asksForAnIDWhereOnlyTheAgeIsUnknown() throws {
        let verdict = CompiledRule(try Rule(parsing: "age between 21 and 35")).verdict(guest { $0.birthDate = nil })
        #expect(verdict.nearest == "An ID that shows an age of 21 or more would qualify.")
    }

    @Test func countsTheBirthdayThatComesBeforeTheVisit() throws {
        let rule = CompiledRule(try Rule(parsing: "age >= 21 and local_time(mon)"))
        let facts = guest { $0.birthDate = LocalDate("2005-11-22") }
        #expect(rule.verdict(facts).nearest == "A visit on Monday at 00:00 would qualify.")
    }

    @Test func givesUpInTime() throws {
        let groups = (0..<7).map { group in
            (0..<4).map { "segment in (a\(group)\($0)) and segment in (b\(group)\($0))" }.joined(separator: " or ")
        }
        let rule = try Rule(parsing: groups.map { "(\($0))" }.joined(separator: " and ") + " and gender in (m)")
        #expect(CompiledRule(rule).verdict(guest()).nearest == nil)
    }

    @Test func fixesSixtyFourConditionsAtOnce() throws {
        let rule = try Rule(parsing: (0..<64).map { "segment in (s\($0))" }.joined(separator: " and "))
        let sentence = "Membership of the segment s0, membership of the segment s1, membership of the segment s2, "
        #expect(CompiledRule(rule).verdict(guest()).nearest?.hasPrefix(sentence) == true)
    }
}
