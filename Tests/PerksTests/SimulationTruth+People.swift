import Eligibility
import Perks
import Postgres

/// Cohorts, scores and sharers.
extension SimulationTruth {
    // MARK: Cohorts

    var cohorts: JSONValue {
        var entries: [Int: Timestamp] = [:]
        for redemption in redemptions where !redemption.isReversed {
            let person = play.known(redemption.person)
            entries[person] = min(entries[person] ?? redemption.at, redemption.at)
        }
        let weeks = Dictionary(grouping: entries.keys) { Self.monday(clock.date(at: entries[$0] ?? begin)) }
        let closed = weeks.filter { week, _ in
            week >= date(question.from) && week.adding(days: 6) <= date(question.to)
                && question.now >= clock.start(of: week.adding(days: 7 + question.window))
        }
        return .array(
            closed.sorted { $0.key < $1.key }.map { week, people in
                cohort(week, entries.filter { people.contains($0.key) })
            })
    }

    private func cohort(_ week: LocalDate, _ entries: [Int: Timestamp]) -> JSONValue {
        let span = Int64(question.window) * Self.day
        func delay(of moment: Timestamp, _ share: Int) -> Int64? {
            guard let entry = entries[sharer(of: share)] else { return nil }
            let delay = moment.microseconds - entry.microseconds
            return delay >= 0 && delay <= span ? delay : nil
        }
        let invitations = Set(shares.filter { delay(of: play.shares[$0].at, $0) != nil })
        var (credit, weighted): (Int128, Int128) = (0, 0)
        for conversion in conversions where conversion.counts {
            for (share, points) in conversion.credits where invitations.contains(share) {
                guard let delay = delay(of: conversion.at, share) else { continue }
                credit += Int128(points)
                weighted += Int128(points) * Int128(delay)
            }
        }
        let guests = entries.count
        return .object([
            "week": .string(week.description), "guests": .count(guests), "shares": .count(invitations.count),
            "conversions": .ratio(credit, 10_000, digits: 4),
            "invitations_per_guest": .ratio(invitations.count, guests, digits: 4),
            "conversions_per_invitation": .ratio(credit, 10_000 * Int128(invitations.count), digits: 4),
            "k_factor": .ratio(credit, 10_000 * Int128(guests), digits: 4),
            "cycle_days": .ratio(weighted, credit * Int128(Self.day), digits: 2),
        ])
    }

    // MARK: Scores

    var scores: JSONValue {
        let redeemed = redemptions.filter { isInRange($0.at) && !$0.isReversed }.map(\.person)
        let qualified = checkIns.filter { isInRange($0.at) && isQualified($0) }.compactMap(\.person)
        let participants = Set(redeemed.map(play.known))
        let others = Set(qualified.map(play.known)).subtracting(participants)
        var models: Set<String> = []
        let answers = [participants, others].map { group(of: $0, &models) }
        return .object([
            "participants": answers[0], "qualified_only": answers[1],
            "models": .array(models.sorted().map(JSONValue.string)), "comparable": .bool(models.count <= 1),
        ])
    }

    private func group(of people: Set<Int>, _ models: inout Set<String>) -> JSONValue {
        func phase(_ isIn: (Simulation.Score) -> Bool) -> JSONValue {
            let scores = people.compactMap { score(of: $0, where: isIn) }
            models.formUnion(scores.map(\.model))
            return .object([
                "guests": .count(scores.count),
                "average": .ratio(scores.reduce(0) { $0 + $1.value }, 100 * scores.count, digits: 2),
            ])
        }
        return .object([
            "guests": .count(people.count), "before": phase { $0.at < Simulation.begin },
            "during": phase { Simulation.begin <= $0.at && $0.at < Simulation.end },
            "after": phase { $0.at >= Simulation.end },
        ])
    }

    // MARK: Sharers

    var topSharers: JSONValue {
        var lines: [Int: Line] = [:]
        var first: [Int: Timestamp] = [:]
        for (share, line) in outcomes { lines[sharer(of: share), default: Line()].add(line) }
        for share in shares {
            let (person, at) = (sharer(of: share), play.shares[share].at)
            first[person] = min(first[person] ?? at, at)
        }
        let best = lines.filter { $0.value["clicks_net"] > 0 || $0.value["conversion_credit"] > 0 }.sorted {
            left, right in
            let (one, other) = (left.value, right.value)
            return (other["conversion_credit"], other["clicks_net"], first[left.key] ?? begin) < (
                one["conversion_credit"], one["clicks_net"], first[right.key] ?? begin
            )
        }
        return .array(
            best.prefix(10).enumerated().map { place, entry in
                var members = entry.value.members("shares", "clicks_net", "conversion_credit")
                members["sharer"] = .string(name(of: entry.key) ?? "Sharer \(place + 1)")
                if name(of: entry.key) != nil {
                    members["guest"] = guests[play.people[entry.key].name].map(JSONValue.string)
                }
                return .object(members)
            })
    }

    /// The name of a guest whom the reader may know by name.
    private func name(of person: Int) -> String? {
        let guest = play.people[person]
        let hasCheckedIn = play.checkIns.contains { visit in
            visit.person.map(play.known) == person && Simulation.places[visit.place].brand == 0
        }
        guard hasCheckedIn || question.role == .operator, !guest.hasOptedOut, let identity = identity(of: person) else {
            return nil
        }
        return guest.displayName ?? "\(identity.network):\(identity.handle)"
    }
}
