import Eligibility
import Perks
import Postgres

/// What happens at the desks: check-ins, redemptions and their reversals.
extension Simulation {
    enum Verdict: Equatable {
        case qualified
        case refused(String)

        var code: String? { if case .refused(let code) = self { code } else { nil } }
    }

    /// What becomes of every perk that runs at a place and moment.
    func verdicts(on person: Int, at place: Int, _ now: Timestamp) -> [Int: Verdict] {
        let today = Self.places[place].clock.date(at: now)
        var verdicts: [Int: Verdict] = [:]
        for (index, perk) in Self.perks.enumerated() {
            let campaign = Self.campaigns[perk.campaign]
            guard campaign.brand == Self.places[place].brand, campaign.runs(on: today) else { continue }
            verdicts[index] = verdict(on: person, index, campaign, today)
        }
        for (index, perk) in Self.perks.enumerated() where perk.group != nil && verdicts[index] == .qualified {
            let hasBetter = Self.perks.enumerated().contains { other, better in
                better.group == perk.group && (better.rank ?? .max) < (perk.rank ?? .max)
                    && verdicts[other] == .qualified
            }
            if hasBetter { verdicts[index] = .refused("limit_reached") }
        }
        return verdicts
    }

    private func verdict(on person: Int, _ index: Int, _ campaign: Campaign, _ today: LocalDate) -> Verdict {
        let (guest, perk) = (people[person], Self.perks[index])
        if let birthDate = guest.birthDate, birthDate.age(on: today) < 18 { return .refused("minor_blocked") }
        guard guest.birthDate != nil, let country = guest.country, campaign.countries.contains(country),
            perk.reach.map({ guest.reach ?? -1 >= $0 }) ?? true
        else { return .refused("not_qualified") }
        let claimed = (claims[person] ?? []).map { redemptions[$0] }.filter { !$0.isReversed }.map(\.perk)
        if claimed.count(where: { $0 == index }) >= perk.limit { return .refused("limit_reached") }
        if let group = perk.group, claimed.contains(where: { Self.perks[$0].group == group }) {
            return .refused("limit_reached")
        }
        return stock[index] == 0 ? .refused("sold_out") : .qualified
    }

    /// Somebody comes in: often one of the regulars, sometimes one whom nobody knows.
    mutating func checkIn(at now: Timestamp, in places: [Int]) {
        let place = chance.pick(places)
        let person: Int? =
            chance.number(0...49) == 0 ? nil : chance.number(0...(chance.flip() ? 2500 : people.count - 1))
        let today = Self.places[place].clock.date(at: now)
        let running = Self.campaigns.indices.filter {
            Self.campaigns[$0].brand == Self.places[place].brand && Self.campaigns[$0].runs(on: today)
        }
        let qualified = person.map { verdicts(on: $0, at: place, now).filter { $0.value == .qualified }.keys }
        checkIns.append(
            CheckIn(
                at: now, person: person, place: place, campaigns: Set(running), qualified: Set(qualified ?? [:].keys)))
        steps.append(Step(at: now, act: .checkIn(checkIns.count - 1)))
    }

    /// Somebody who has come in asks for a perk, perhaps with a link in hand.
    mutating func redeem(at now: Timestamp) {
        let visits = checkIns.suffix(60)
        guard let visit = visits.randomElement(using: &chance) else { return }
        let offers = Self.perks.indices.filter {
            Self.campaigns[Self.perks[$0].campaign].brand == Self.places[visit.place].brand
        }
        let perk =
            chance.number(0...4) > 0
            ? (offers.filter(visit.qualified.contains).first ?? offers[0]) : chance.pick(offers)
        redeem(perk, visit.person, at: visit.place, now)
    }

    private mutating func redeem(_ perk: Int, _ person: Int?, at place: Int, _ now: Timestamp) {
        let campaign = Self.perks[perk].campaign
        guard let person else {
            let runs = Self.campaigns[campaign].runs(on: Self.places[place].clock.date(at: now))
            refuse(nil, perk, place, nil, runs ? "guest_not_found" : "campaign_not_running", now)
            return
        }
        let verdict = verdicts(on: person, at: place, now)[perk] ?? .refused("campaign_not_running")
        guard verdict == .qualified else {
            refuse(person, perk, place, friendsLink(of: person, campaign), verdict.code ?? "", now)
            return
        }
        var link: Int?
        switch chance.number(0...99) {
        case 0...1: link = links[person]?.first { shares[$0].campaign == campaign }
        case 2...14: link = linkOfFollower(of: person, campaign)
        case 15...64: link = friendsLink(of: person, campaign)
        default: break
        }
        if let link, let code = objection(to: shares[link].person, leading: person, in: campaign) {
            refuse(person, perk, place, link, code, now)
            return
        }
        let conversion = link.map { share in
            convert(
                Conversion(
                    at: now, campaign: campaign, person: person, order: nil, redemption: redemptions.count,
                    touches: [Touch(share: share, at: now)]))
        }
        redemptions.append(
            Redemption(at: now, person: person, perk: perk, place: place, conversion: conversion))
        claims[person, default: []].append(redemptions.count - 1)
        if let left = stock[perk] { stock[perk] = left - 1 }
        let isDelicate = (stock[perk] ?? .max) < 25 || link != nil && links[person] != nil
        steps.append(
            Step(
                at: now, act: .redeem(person, perk, place, link, becomes: redemptions.count - 1), isAlone: isDelicate))
    }

    private mutating func refuse(
        _ person: Int?, _ perk: Int, _ place: Int, _ link: Int?, _ code: String, _ now: Timestamp
    ) {
        if code != "guest_not_found" {
            refusals.append(Refusal(at: now, person: person, perk: perk, place: place, code: code))
        }
        steps.append(
            Step(at: now, act: .redeem(person, perk, place, link, becomes: nil), refusal: code))
    }

    /// A link of somebody whom nobody would object to.
    private mutating func friendsLink(of person: Int, _ campaign: Int) -> Int? {
        let recent = shares.indices.suffix(chance.pick([60, 600]))
        let link = recent.randomElement(using: &chance)
        return link.flatMap { link in
            shares[link].campaign == campaign
                && objection(to: shares[link].person, leading: person, in: campaign) == nil ? link : nil
        }
    }

    /// A link of somebody whom this person has led to convert, however indirectly.
    private func linkOfFollower(of person: Int, _ campaign: Int) -> Int? {
        guard links[person] != nil else { return nil }
        return shares.indices.last { link in
            shares[link].campaign == campaign && shares[link].person != person
                && hasLed(person, shares[link].person, in: campaign)
        }
    }

    /// Something that was handed out is taken back; now and then a second time.
    mutating func reverse(at now: Timestamp) {
        guard let index = redemptions.indices.suffix(chance.pick([30, 400])).randomElement(using: &chance) else {
            return
        }
        guard !redemptions[index].isReversed else {
            steps.append(Step(at: now, act: .reverse(index), refusal: "already_reversed", isAlone: true))
            return
        }
        redemptions[index].isReversed = true
        if let conversion = redemptions[index].conversion { conversions[conversion].isReversed = true }
        if let left = stock[redemptions[index].perk] { stock[redemptions[index].perk] = left + 1 }
        steps.append(Step(at: now, act: .reverse(index)))
    }
}
