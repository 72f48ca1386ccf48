import Perks
import Postgres

/// Links, what is posted with them, and who follows them.
extension Simulation {
    /// Somebody who will follow a link at a certain moment.
    struct Appointment {
        let at: Timestamp
        let share: Int
        let browser: Int
        var disguise = Disguise.none
    }

    /// How a request for a link looks, beside whose it is.
    enum Disguise {
        case none, head, prefetch
        case program(String?)
    }

    /// The browser of somebody who follows more links than are kept of a conversion.
    static let wanderer = 90_000
    static let programs: [String?] = [
        "curl/8.4.0", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "python-requests/2.31.0", "facebookexternalhit/1.1", nil, "", "   ",
    ]
    private static let second: Int64 = 1_000_000
    private static let day: Int64 = 86_400_000_000

    /// The own browser of a person.
    static func ownBrowser(of person: Int) -> Int { 100_000 + person }

    private mutating func stranger() -> Int { chance.number(0...chance.pick([40, 5999])) }

    // MARK: Links

    /// Somebody wants a link: after a redemption, after a visit, or from afar.
    mutating func share(at now: Timestamp) {
        var (person, campaign): (Int?, Int) = (chance.number(0...people.count - 1), Self.campaign)
        switch chance.number(0...99) {
        case 0...69:
            guard let index = redemptions.indices.suffix(150).randomElement(using: &chance) else { return }
            (person, campaign) = (redemptions[index].person, Self.perks[redemptions[index].perk].campaign)
        case 70...86:
            guard let visit = checkIns.suffix(150).randomElement(using: &chance) else { return }
            let brand = Self.places[visit.place].brand
            (person, campaign) = (visit.person, brand == 1 ? 2 : chance.pick([0, 0, 1]))
        default: break
        }
        guard campaign != Self.campaign || (Self.begin..<Self.end).contains(now) else { return }
        share(person, campaign, at: now)
    }

    private mutating func share(_ person: Int?, _ campaign: Int, at now: Timestamp) {
        let brand = brand(of: campaign)
        let place =
            chance.number(0...9) < 3 ? chance.pick(Self.places.indices.filter { Self.places[$0].brand == brand }) : nil
        guard let person, people[person].birthDate != nil, let isAdult = isAdult(person), isAdult else {
            let depends = person.map { people[$0].birthDate != nil && isAdult($0) == nil } ?? false
            if !depends {
                steps.append(
                    Step(at: now, act: .share(person, campaign, place, nil, becomes: nil), refusal: "", isAlone: true))
            }
            return
        }
        if let known = links[person]?.first(where: { shares[$0].campaign == campaign }) {
            steps.append(Step(at: now, act: .share(person, campaign, place, nil, becomes: known)))
            return
        }
        let standing = (claims[person] ?? []).map { redemptions[$0] }.last {
            !$0.isReversed && Self.perks[$0.perk].campaign == campaign
        }
        let visit = checkIns.last { $0.person == person && Self.places[$0.place].brand == brand }
        let browser = chance.number(0...9) < 7 ? Self.ownBrowser(of: person) : nil
        shares.append(
            Share(
                at: now, person: person, campaign: campaign, place: place ?? standing?.place ?? visit?.place,
                perk: standing?.perk, browser: browser))
        let share = shares.count - 1
        links[person, default: []].append(share)
        steps.append(Step(at: now, act: .share(person, campaign, place, browser, becomes: share)))
        awaitFirstClicks(on: share, at: now)
    }

    private mutating func awaitFirstClicks(on share: Int, at now: Timestamp) {
        func meet(_ browser: Int, after delay: Int64) {
            expect(Appointment(at: now.later(by: delay), share: share, browser: browser))
        }
        if chance.number(0...3) == 0 { meet(stranger(), after: Int64(chance.pick([200_000, 999_999]))) }
        if chance.number(0...9) == 0 { meet(stranger(), after: Self.second) }
        guard let own = shares[share].browser else { return }
        if chance.number(0...4) == 0 { meet(own, after: Int64(chance.number(1...20)) * 3600 * Self.second) }
        switch chance.number(0...19) {
        // On the second day after the link was made nobody can tell any more whose browser it is.
        case 0...2: for days in 1...3 { meet(own, after: Int64(days) * Self.day) }
        case 3: meet(own, after: 3 * Self.day)
        default: break
        }
    }

    /// Somebody reports what was posted with a link.
    mutating func post(at now: Timestamp) {
        let candidates = shares.indices.suffix(200).filter { shares[$0].at < now }
        guard let share = candidates.randomElement(using: &chance) else { return }
        let past = now.later(by: -Int64(chance.number(1...170_000)) * Self.second)
        let given = chance.flip() && past > shares[share].at ? past : nil
        posts.append(
            Post(
                at: given ?? now, share: share, reach: chance.number(0...2) == 0 ? nil : chance.number(0...5000),
                impressions: people[shares[share].person].reach, disclosed: chance.number(0...4) > 0))
        steps.append(
            Step(at: now, act: .post(posts.count - 1, given, brand(of: shares[share].campaign))))
    }

    // MARK: Clicks

    /// Notes that somebody will follow a link.
    mutating func expect(_ appointment: Appointment) {
        let index = appointments.partitioningIndex { $0.at > appointment.at }
        appointments.insert(appointment, at: index)
    }

    /// Everybody who follows links from one moment to another, in order of time.
    mutating func follow(from start: Timestamp, to end: Timestamp, openings count: Int) {
        var openings = (0..<count).map { _ in
            start.later(by: Int64.random(in: 0..<(end.microseconds - start.microseconds), using: &chance))
        }.sorted(by: >)
        while let next = [openings.last, appointments.first?.at].compactMap(\.self).min(), next < end {
            if openings.last == next {
                openings.removeLast()
                open(at: next)
            } else {
                click(appointments.removeFirst())
            }
        }
    }

    /// Somebody comes across a link, perhaps not for the only time.
    private mutating func open(at now: Timestamp) {
        guard let share = link(before: now) else { return }
        let browser = stranger()
        func meet(_ browser: Int, after delay: Int64, on share: Int, _ disguise: Disguise = .none) {
            expect(Appointment(at: now.later(by: delay), share: share, browser: browser, disguise: disguise))
        }
        switch chance.number(0...99) {
        case 0...14:
            let delays = [
                3 * Self.second, 600 * Self.second, Self.day - 1, Self.day, Self.day + 1, 100_000 * Self.second,
            ]
            meet(browser, after: chance.pick(delays + [Int64(chance.number(1...172_800)) * Self.second]), on: share)
        case 15...22:
            let pause = chance.pick([300_000, 700_000, Self.second, Self.second + 1, 1])
            for number in 1...chance.number(2...4) {
                meet(browser, after: Int64(number) * pause, on: chance.flip() ? share : link(before: now) ?? share)
            }
        case 23...27:
            click(Appointment(at: now, share: share, browser: Self.ownBrowser(of: shares[share].person)))
            return
        case 28...39:
            let program = chance.pick(Self.programs)
            click(Appointment(at: now, share: share, browser: 200_000 + browser, disguise: .program(program)))
            return
        case 40...44:
            meet(browser, after: 500_000, on: share)
            click(Appointment(at: now, share: share, browser: browser, disguise: chance.flip() ? .head : .prefetch))
            return
        case 45...59:
            for _ in 0..<chance.number(1...6) {
                let delay = Int64(chance.number(1...chance.pick([20_000, 400_000]))) * Self.second
                meet(browser, after: delay, on: link(before: now) ?? share)
            }
        default: break
        }
        click(Appointment(at: now, share: share, browser: browser))
    }

    private mutating func link(before now: Timestamp) -> Int? {
        let oldest = max(0, shares.count - chance.pick([40, 300, 2000]))
        // Some are much more popular than the others.
        let candidates =
            chance.number(0...4) == 0
            ? [oldest] : (0..<4).map { _ in chance.number(oldest...max(oldest, shares.count - 1)) }
        let usable = candidates.filter { $0 < shares.count && shares[$0].at < now }
        // What is not counted is there to be left out, and need not be most of it.
        return usable.first { shares[$0].campaign == Self.campaign } ?? usable.first
    }

    /// A browser follows a link and is taken for something.
    private mutating func click(_ visit: Appointment) {
        // No two at one moment: which of them came first would be anybody's guess.
        guard clicks.last.map({ $0.at < visit.at }) ?? true else { return }
        let kind = kind(of: visit)
        clicks.append(Click(at: visit.at, share: visit.share, browser: visit.browser, kind: kind))
        clicksOfBrowser[visit.browser, default: []].append(clicks.count - 1)
        steps.append(Step(at: visit.at, act: .click(clicks.count - 1, visit.disguise)))
    }

    private func kind(of visit: Appointment) -> Kind {
        if case .none = visit.disguise {} else { return .bot }
        let share = shares[visit.share]
        let today = Int(visit.at.microseconds / Self.day)
        if share.browser == visit.browser, today - share.day <= 1 { return .own }
        if visit.at.microseconds - share.at.microseconds < Self.second { return .too_fast }
        let before = (clicksOfBrowser[visit.browser] ?? []).map { clicks[$0] }
        let recent = before.count { click in
            click.kind != .bot && visit.at.microseconds - click.at.microseconds <= 2 * Self.second
                && brand(of: shares[click.share].campaign) == brand(of: share.campaign)
        }
        if recent >= 2 { return .too_fast }
        let isCounted = before.contains {
            $0.kind == .human && $0.share == visit.share && visit.at.microseconds - $0.at.microseconds <= Self.day
        }
        return isCounted ? .duplicate : .human
    }

    /// Somebody follows one link after another.
    mutating func wander(from start: Timestamp) {
        let some = shares.indices.filter { shares[$0].campaign == Self.campaign && shares[$0].at < start }.suffix(130)
        for (number, share) in some.enumerated() {
            expect(
                Appointment(at: start.later(by: Int64(number) * 60 * Self.second), share: share, browser: Self.wanderer)
            )
        }
    }
}

extension Array {
    /// The first place from which on all elements fulfil a condition, by bisection.
    func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
