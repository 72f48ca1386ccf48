import Eligibility
import Perks
import Postgres

/// What the report must say, worked out one by one from what was simulated.
struct SimulationTruth {
    let play: Simulation
    let question: Question
    /// The identifiers of guests and perks, which only the database knows.
    let guests: [String: String]
    let perkIDs: [String]
    /// The days asked for, as moments of the brand's clock.
    let begin: Timestamp
    let end: Timestamp
    let clock = WallClock.newYork
    static let day: Int64 = 86_400_000_000

    /// What is asked of the report.
    struct Question: CustomStringConvertible {
        var from = "2026-10-05"
        var to = "2026-11-24"
        var model = "last"
        var window = 30
        var now = moment("2027-01-10T12:00:00Z")
        var role = Role.owner

        var description: String {
            "\(from) to \(to), \(model), \(window) days, at \(now.rfc3339), as \(role)"
        }
    }

    // What belongs to the campaign, and who is credited for it.
    let checkIns: [Simulation.CheckIn]
    let redemptions: [Simulation.Redemption]
    let refusals: [Simulation.Refusal]
    let shares: [Int]
    let clicks: [Simulation.Click]
    let conversions: [Counted]
    /// What became of every link within the range.
    let outcomes: [Int: Line]

    /// A conversion of the campaign with the credits of the links that led to it; none where it does not count.
    struct Counted {
        let at: Timestamp
        let isReversed: Bool
        let credits: [(share: Int, credit: Int)]

        var counts: Bool { !isReversed && !credits.isEmpty }
    }

    init(_ play: Simulation, _ question: Question, guests: [String: String], perkIDs: [String]) {
        (self.play, self.question, self.guests, self.perkIDs) = (play, question, guests, perkIDs)
        begin = clock.start(of: date(question.from))
        end = clock.start(of: date(question.to).adding(days: 1))
        func isOurs(_ perk: Int) -> Bool { Simulation.perks[perk].campaign == Simulation.campaign }
        checkIns = play.checkIns.filter { $0.campaigns.contains(Simulation.campaign) }
        redemptions = play.redemptions.filter { isOurs($0.perk) }
        refusals = play.refusals.filter { isOurs($0.perk) }
        shares = play.shares.indices.filter { play.shares[$0].campaign == Simulation.campaign }
        clicks = play.clicks.filter { play.shares[$0.share].campaign == Simulation.campaign }
        conversions = play.conversions.filter { $0.campaign == Simulation.campaign }.map { conversion in
            let touches = conversion.touches.filter {
                let age = conversion.at.microseconds - $0.at.microseconds
                return age >= 0 && age <= Int64(question.window) * Self.day
            }
            let credits = Self.credits(question.model, touches.count)
            return Counted(
                at: conversion.at, isReversed: conversion.isReversed,
                credits: zip(touches, credits).map { ($0.share, $1) })
        }
        let range = begin..<end
        var outcomes: [Int: Line] = [:]
        for share in shares where range.contains(play.shares[share].at) {
            outcomes[share, default: Line()]["shares"] += 1
        }
        for click in clicks where range.contains(click.at) {
            outcomes[click.share, default: Line()]["clicks_gross"] += 1
            if click.kind == .human { outcomes[click.share, default: Line()]["clicks_net"] += 1 }
        }
        for conversion in conversions where conversion.counts && range.contains(conversion.at) {
            for (share, credit) in conversion.credits {
                outcomes[share, default: Line()]["conversion_credit"] += credit
            }
        }
        self.outcomes = outcomes
    }

    /// The basis points of each of so many touches.
    static func credits(_ model: String, _ count: Int) -> [Int] {
        func even(_ whole: Int, _ count: Int) -> [Int] {
            (0..<count).map { whole / count + ($0 < whole % count ? 1 : 0) }
        }
        return switch (model, count) {
        case (_, 0): []
        case (_, 1): [10_000]
        case ("last", _): (1...count).map { $0 == count ? 10_000 : 0 }
        case ("first", _): (1...count).map { $0 == 1 ? 10_000 : 0 }
        case ("linear", _): even(10_000, count)
        case (_, 2): [5000, 5000]
        default: [4000] + even(2000, count - 2) + [4000]
        }
    }

    func isInRange(_ moment: Timestamp) -> Bool { begin <= moment && moment < end }
    func isQualified(_ visit: Simulation.CheckIn) -> Bool {
        visit.qualified.contains { Simulation.perks[$0].campaign == Simulation.campaign }
    }
    func sharer(of share: Int) -> Int { play.known(play.shares[share].person) }

    /// The whole answer, but for the words in it.
    var report: JSONValue {
        let (totals, days) = (totals, days())
        return .object([
            "campaign": .string(Simulation.campaigns[Simulation.campaign].slug),
            "from": .string(question.from), "to": .string(question.to), "time_zone": .string("America/New_York"),
            "attribution": .object(["model": .string(question.model), "window_days": .count(question.window)]),
            "totals": .object(
                totals.mapValues(JSONValue.count).merging(["refused": refused(refusals)]) { $1 }.merging([
                    "clicks_by": clicksByKind
                ]) { $1 }),
            "rates": rates(totals), "perks": perks, "days": periods(days, \.self),
            "weeks": periods(days, Self.monday),
            "months": periods(days) { LocalDate(year: $0.year, month: $0.month, day: 1) ?? $0 },
            "venues": venues, "networks": networks, "topics": topics, "score_bands": scoreBands,
            "cohorts": cohorts, "scores": scores, "top_sharers": topSharers,
        ])
    }

    /// The Monday of the week of a date.
    static func monday(_ date: LocalDate) -> LocalDate {
        // 1970-01-05 was a Monday.
        date.adding(days: -((date.daysSinceEpoch - 4) % 7))
    }

    // MARK: Totals and rates

    private var totals: [String: Int] {
        let visits = checkIns.filter { isInRange($0.at) }
        let qualified = visits.filter(isQualified)
        let standing = redemptions.filter { isInRange($0.at) && !$0.isReversed }
        let posts = play.posts.filter { isInRange($0.at) && play.shares[$0.share].campaign == Simulation.campaign }
        let made = shares.filter { isInRange(play.shares[$0].at) }
        let recent = clicks.filter { isInRange($0.at) }
        let converted = conversions.filter { isInRange($0.at) }
        func people(_ all: [Int]) -> Int { Set(all.map(play.known)).count }
        return [
            "check_ins": visits.count, "guests_checked_in": people(visits.compactMap(\.person)),
            "qualified": qualified.count, "guests_qualified": people(qualified.compactMap(\.person)),
            "redeemed": standing.count, "guests_redeemed": people(standing.map(\.person)),
            "reversed": redemptions.count { isInRange($0.at) && $0.isReversed },
            "cost": standing.reduce(0) { $0 + Simulation.perks[$1.perk].cost },
            "shares": made.count, "guests_shared": people(made.map { play.shares[$0].person }),
            "posts": posts.count, "posts_disclosed": posts.count(where: \.disclosed),
            "potential_impressions": posts.reduce(0) { $0 + ($1.impressions ?? 0) },
            "reach": posts.reduce(0) { $0 + ($1.reach ?? 0) },
            "clicks_gross": recent.count, "clicks_net": recent.count { $0.kind == .human },
            "conversions": converted.count(where: \.counts),
            "conversions_unattributed": converted.count { !$0.isReversed && $0.credits.isEmpty },
            "conversions_reversed": converted.count(where: \.isReversed),
        ]
    }

    private var clicksByKind: JSONValue {
        let recent = clicks.filter { isInRange($0.at) }
        return .object(
            Dictionary(
                uniqueKeysWithValues: Simulation.Kind.allCases.map { kind in
                    (kind.rawValue, .count(recent.count { $0.kind == kind }))
                }))
    }

    private func refused(_ refusals: [Simulation.Refusal]) -> JSONValue {
        let codes = refusals.filter { isInRange($0.at) }.map { ($0.code, 1) }
        return .object(Dictionary(codes, uniquingKeysWith: +).mapValues(JSONValue.count))
    }

    private func rates(_ totals: [String: Int]) -> JSONValue {
        func rate(_ part: String, _ whole: String...) -> JSONValue {
            .ratio(totals[part] ?? 0, whole.reduce(0) { $0 + (totals[$1] ?? 0) }, digits: 4)
        }
        return .object([
            "qualification": rate("qualified", "check_ins"), "redemption": rate("redeemed", "qualified"),
            "reversal": rate("reversed", "redeemed", "reversed"), "cost_per_redemption": rate("cost", "redeemed"),
            "sharing": rate("guests_shared", "guests_checked_in"), "net_clicks": rate("clicks_net", "clicks_gross"),
            "clicks_per_share": rate("clicks_net", "shares"), "conversion": rate("conversions", "clicks_net"),
            "disclosure": rate("posts_disclosed", "posts"), "cost_per_net_click": rate("cost", "clicks_net"),
            "cost_per_conversion": rate("cost", "conversions"),
        ])
    }

    // MARK: Perks

    private var perks: JSONValue {
        let ours = Simulation.perks.indices.filter { Simulation.perks[$0].campaign == Simulation.campaign }
        return .array(
            ours.map { index in
                let perk = Simulation.perks[index]
                var line = Line()
                for visit in checkIns where isInRange(visit.at) && visit.qualified.contains(index) {
                    line["qualified"] += 1
                }
                for redemption in redemptions where isInRange(redemption.at) && redemption.perk == index {
                    line.add(redemption)
                }
                for share in shares where play.shares[share].perk == index { line.add(outcomes[share] ?? Line()) }
                var members = line.members(
                    "qualified", "redeemed", "reversed", "cost", "shares", "clicks_gross", "clicks_net",
                    "conversion_credit")
                members["perk"] = .object([
                    "id": .string(perkIDs[index]), "slug": .string(perk.slug), "name": .string(perk.slug),
                    "benefit": .object(["kind": .string("upgrade"), "item": .string(perk.slug)]),
                ])
                members["refused"] = refused(refusals.filter { $0.perk == index })
                members["stock"] = perk.stock.map(JSONValue.count)
                members["remaining"] = play.stock[index].map(JSONValue.count)
                return .object(members)
            })
    }
}
