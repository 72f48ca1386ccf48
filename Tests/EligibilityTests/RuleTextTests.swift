import Eligibility
import Testing

@Suite struct RuleTextTests {
    @Test(arguments: [
        "score >= 60", "score <= 90", "score between 40 and 60", "score >= 58.24", "score >= 0.5",
        #"score(best 90 days, fresh 30 days, model "2026.2") >= 60"#, "topic(coffee, wine) >= 40", "topic(casinos)",
        "topic(beer; exact)", "topic(beer, wine; all) >= 30", "topic(beer; exact, all)", "age >= 21",
        "age between 21 and 35", "country in (US, CA)", "region in (IN, OR)", #"city in ("Las Vegas", Réno)"#,
        "gender in (f)", "language in (not, and, in, 13)", "segment in (vip)",
        "network in (twitter, linkedin; verified)",
        "network in (twitter)", "reach >= 1000", "redeemed(perk suite-upgrade; within 30 days) >= 1",
        "redeemed(campaign opening) <= 2", "local_time(mon-fri, 22:00-02:00)", "local_time(sat-sun)",
        "local_time(mon, wed, fri-sun, 09:30-24:00)", "local_time(00:00-06:00)",
        #"topic(3dtv, r/ga, csi:-crime-scene-investigation, "french-overseas-(dom-tom)", réunion, LSU)"#,
        #"city in ("say \"hi\" \\ there", "two;words", "日本 東京", 日本)"#,
        """
        score >= 60 and age >= 21 and country in (US, CA) and (topic(coffee, wine) >= 40 or segment in (vip)) \
        and not segment in (staff)
        """,
        "score >= 60 and age >= 21 or reach >= 1", "not (score >= 60 or age >= 21)", "not not segment in (a)",
        "score >= 1 and (age >= 2 and reach >= 3)", "score >= 1 or (age >= 2 or reach >= 3)",
    ])
    func printsWhatItRead(text: String) throws {
        let rule = try Rule(parsing: text)
        #expect(rule.text == text)
        #expect(try decoded(encoded(rule)) == rule)
    }

    @Test(arguments: [
        ("score>=60", "score >= 60"), ("  score\n\t>= 60.00 ", "score >= 60"), ("score >= 60.50", "score >= 60.5"),
        ("((score >= 60))", "score >= 60"), ("topic(a) >= 20", "topic(a)"),
        ("topic(a; all, exact)", "topic(a; exact, all)"),
        ("(score >= 1 and age >= 2) or reach >= 3", "score >= 1 and age >= 2 or reach >= 3"),
        (#"country in ("US",CA)"#, "country in (US, CA)"), ("local_time(fri-mon)", "local_time(mon, fri-sun)"),
        ("local_time(22:00-02:00, sat)", "local_time(sat, 22:00-02:00)"),
        ("score(best 1 day) >= 1", "score(best 1 days) >= 1"),
        ("local_time(mon-sun, 10:00-11:00)", "local_time(mon-sun, 10:00-11:00)"),
        ("not(segment in (a))", "not segment in (a)"),
    ])
    func readsOtherSpellings(text: String, printed: String) throws {
        #expect(try Rule(parsing: text).text == printed)
    }

    @Test func andBindsStrongerThanOrAndNotStrongest() throws {
        let leaf = { (name: String) in Rule.leaf(.segment(SegmentLeaf([name]))) }
        let rule = try Rule(
            parsing: "segment in (a) or not segment in (b) and segment in (c) or segment in (d)")
        #expect(rule == .any([leaf("a"), .all([.not(leaf("b")), leaf("c")]), leaf("d")]))
    }

    @Test(arguments: [
        ("", 1, 1, "syntax", "expected a condition such as score >= 60"),
        ("   ", 1, 1, "syntax", "expected a condition such as score >= 60"),
        ("age >= 21 and score", 1, 20, "syntax", "expected >=, <= or between after score"),
        ("score >= 60 and\n  age >= x", 2, 10, "number_expected", "expected a whole number after >="),
        ("reach <= 1 score >=", 1, 12, "syntax", "expected and, or, or the end of the rule"),
        ("age <= 9 or score >= and", 1, 22, "number_expected", "expected a number after >="),
        ("age >= 9 and score >=", 1, 22, "number_expected", "expected a number after >="),
        ("score >= 60.123", 1, 10, "too_many_decimals", "expected a number with at most two decimals after >="),
        ("age >= 20.5", 1, 8, "whole_number_expected", "expected a whole number after >="),
        ("reach >= 1000000000000", 1, 10, "number_too_large", "expected a number below 1000000000000 after >="),
        ("score = 60", 1, 7, "syntax", "expected >=, <= or between after score"),
        ("score between 40", 1, 17, "syntax", "expected and with the upper bound after between"),
        ("scroe >= 60", 1, 1, "unknown_condition", "There is no condition `scroe`. Did you mean score?"),
        (
            "score >= 60 AND age >= 21", 1, 13, "syntax",
            "expected and, or, or the end of the rule; words of the language are lower case: and"
        ),
        ("Score >= 60", 1, 1, "syntax", "expected score in lower case"),
        ("(score >= 60", 1, 13, "syntax", "expected and, or, or a ) for the bracket of line 1, column 1"),
        ("score >= 60)", 1, 12, "syntax", "expected no ), for no bracket is open"),
        ("country in ()", 1, 13, "empty_list", "expected at least one value"),
        ("country in US", 1, 12, "syntax", "expected ( after in"),
        (
            "city in (Las Vegas)", 1, 14, "syntax",
            "expected a comma or ); a value of several words stands in quotes: \"Las Vegas\""
        ),
        ("city in (\"Las Vegas)", 1, 10, "syntax", "expected a closing \" for the text that begins here"),
        ("city in (\"a\\n\")", 1, 13, "syntax", "expected \\\" or \\\\ after a backslash"),
        ("topic(a; exactly)", 1, 10, "syntax", "expected exact or all after the semicolon"),
        ("redeemed(offer a) >= 1", 1, 10, "syntax", "expected perk or campaign, followed by its slug"),
        ("redeemed(perk a; within 3) >= 1", 1, 26, "syntax", "expected days after the number"),
        ("score(best 3 days, best 4 days) >= 1", 1, 20, "syntax", "expected best, fresh or model, each once"),
        (
            "local_time(22:00)", 1, 12, "syntax",
            "expected days such as mon-fri or hours such as 22:00-02:00, the hours once"
        ),
        (
            "local_time(mon, 25:00-26:00)", 1, 17, "syntax",
            "expected days such as mon-fri or hours such as 22:00-02:00, the hours once"
        ),
        (
            "city in (Ré\u{301}no, \u{1F1FA}\u{1F1F8})", 1, 12, "syntax",
            "expected a comma or ); a value of several words stands in quotes: \"Las Vegas\""
        ),
    ])
    func saysWhereAndWhat(text: String, line: Int, column: Int, code: String, message: String) throws {
        let error = try #require(refusal(ofText: text))
        #expect(error.message == message)
        #expect(error.code == code)
        #expect([error.line, error.column] == [line, column])
        #expect(error.description == "line \(line), column \(column): \(message)")
    }

    @Test func placesWhatIsWrongWithALeafInTheText() throws {
        let rule = try ParsedRule("score >= 60 and\n(age >= 0 or not topic(cofee))")
        let errors = rule.validate(topics: { $0 == "coffee" ? nil : ["coffee"] })
        #expect(errors.map(\.pointer) == ["/all/1/any/0/age/min", "/all/1/any/1/not/topic/any_of/0"])
        #expect(errors.map(\.line) == [2, 2])
        #expect(errors.map(\.column) == [2, 18])
        #expect(errors.last?.message == "There is no topic `cofee`. Did you mean coffee?")
    }
}
