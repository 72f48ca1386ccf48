import Eligibility

/// Measures what deciding by a rule costs, next to the least it could: as many comparisons of numbers in a plain loop.
@main
struct RuleBenchmark {
    /// Twenty leaves of every kind that a check-in meets.
    private static let text = """
        score >= 60 and score <= 95 and age >= 21 and age between 21 and 80 and country in (US, CA, MX)
        and region in (NV, CA) and city in ("Las Vegas", Reno) and gender in (female, male) and language in (en, es)
        and topic(casinos) and topic(wine, beer) >= 40 and topic(travel; exact) >= 10 and segment in (vip)
        and not segment in (staff) and network in (twitter; verified) and reach >= 1000 and reach <= 1000000
        and redeemed(perk suite; within 30 days) <= 2 and local_time(fri-sun, 18:00-02:00) and not country in (GB)
        """

    private static let facts = Facts(
        now: 1_795_316_400_000_000,
        local: Facts.Local(date: LocalDate(daysSinceEpoch: 20_778), minute: 19 * 60),
        birthDate: LocalDate(daysSinceEpoch: 3_000), country: "US", region: "NV", city: "Las Vegas", gender: "female",
        language: "en", reach: 5000,
        scores: [Facts.Score(hundredths: 7769, model: "2026.1", measuredAt: 1_795_000_000_000_000)],
        topics: ["casinos": 8150, "champagne": 6000, "travel": 2000],
        topicsBelow: ["casinos": 8150, "wine": 6000, "travel": 2000],
        networks: [Facts.Network(name: "twitter", verified: true)], segments: ["vip"], redeemed: [])

    static func main() throws {
        let rule = try Rule(parsing: text)
        let compiled = CompiledRule(rule)
        guard rule.leaves.count == 20, compiled.verdict(facts).qualifies else {
            print("The benchmark's own rule does not hold: \(compiled.verdict(facts).reasons.map(\.code))")
            return
        }
        let bounds = (0..<20).map { (0, 10_000 + $0) }
        var passed = 0
        let ceiling = nanoseconds {
            var holds = true
            for (least, most) in bounds where !(least...most).contains(facts.scores[0].hundredths) { holds = false }
            passed += holds ? 1 : 0
        }
        let result = nanoseconds { passed += compiled.result(facts).holds ? 1 : 0 }
        let verdict = nanoseconds { passed += compiled.verdict(facts).qualifies ? 1 : 0 }
        print("20 comparisons of numbers   \(ceiling) ns")
        print("20 leaves, the result       \(result) ns   \(result / max(1, ceiling)) times as much")
        print("20 leaves, with conditions  \(verdict) ns   \(verdict / max(1, ceiling)) times as much")
        // Printed so that nothing above can be left out by the compiler.
        print("(\(passed) decisions)")
    }

    /// The least of ten runs of 100,000, each divided by its length.
    private static func nanoseconds(_ work: () -> Void) -> Int {
        let clock = ContinuousClock()
        let runs = (0..<10).map { _ in clock.measure { for _ in 0..<100_000 { work() } } }
        let least = runs.min() ?? .zero
        return Int(least.components.attoseconds / 1_000_000_000 + least.components.seconds * 1_000_000_000) / 100_000
    }
}
