import Eligibility
import Foundation
import Postgres

extension DeskBatch {
    /// What becomes of the unit that is claimed.
    enum Purpose {
        case hold
        case redemption(Redemption.Draft)
    }

    /// Claims a unit of a perk for a guest, or says why not; a refusal is counted.
    mutating func claim(
        _ request: Desk.Request, _ subject: Subject, _ purpose: Purpose, in connection: isolated Connection
    ) throws -> DeskWriting.Outcome {
        let place = try place(request, subject, in: connection)
        let (perk, campaign, venue) = (place.perk, place.campaign, subject.venue)
        let local = venue.zone.local(request.now)
        let isScheduled = campaign.isScheduled(at: request.now, on: local.date)
        guard let guest = facts(of: subject) else {
            throw isScheduled
                ? Guest.notFound(at: "/guest") : refused(notRunning(campaign.slug), perk, request, subject)
        }
        let hold = try hold(for: purpose, perk, guest, request, subject)
        let share = try share(for: purpose, place, guest, request, subject, in: connection)
        // A hold is a promise that the schedule and the hours of its own moment have made.
        guard isScheduled || hold != nil else { throw refused(notRunning(campaign.slug), perk, request, subject) }
        let decision = decide(place, guest, venue, at: request.now, local, confirming: hold)
        if let error = decision.refusal(for: request.principal) { throw refused(error, perk, request, subject) }
        return take(decision, guest, hold, share, purpose, local, request, subject)
    }

    /// The perk that is asked for, if it runs and may be had at the venue.
    private mutating func place(
        _ request: Desk.Request, _ subject: Subject, in connection: isolated Connection
    ) throws -> Catalogue.Place {
        guard let place = subject.place else {
            guard let name = subject.perk, let reference = Reference<Perk>(name) else {
                throw Perk.notFound(at: "/perk")
            }
            let idle: Perk
            do {
                idle = try Perk.find(reference, as: request.principal, in: connection)
            } catch let error as PerksError where error.code == .perkNotFound {
                throw Perk.notFound(at: "/perk")
            }
            throw refused(notRunning(idle.campaign), idle, request, subject)
        }
        guard place.campaign.includes(subject.venue) else {
            let error = PerksError(
                .wrongVenue,
                "The campaign \(place.campaign.slug) is not for the venue \(subject.venue.slug). "
                    + "Redeem at one of its venues, or ask a manager to add this one.")
            throw refused(error, place.perk, request, subject)
        }
        return place
    }

    /// The hold that a redemption confirms: the one it names, or else the guest's own of the perk.
    private mutating func hold(
        for purpose: Purpose, _ perk: Perk, _ guest: GuestFacts, _ request: Desk.Request, _ subject: Subject
    ) throws -> GuestFacts.LiveClaim? {
        guard case .redemption(let draft) = purpose else { return nil }
        if let checkIn = draft.checkIn, namedCheckIns[checkIn] != guest.guest {
            throw CheckIn.notFound(at: "/check_in")
        }
        return try draft.hold.map { try named($0, perk, guest, request, subject) }
            ?? guest.hold(of: perk.id, at: request.now)
    }

    /// The share that a redemption names, if it is one of the campaign's and of somebody who can have led the guest here.
    private mutating func share(
        for purpose: Purpose, _ place: Catalogue.Place, _ guest: GuestFacts, _ request: Desk.Request,
        _ subject: Subject, in connection: isolated Connection
    ) throws -> NamedShare? {
        guard case .redemption(let draft) = purpose, let name = draft.share else { return nil }
        guard let share = ShareReference(name).flatMap({ namedShares[$0] }), share.campaign == place.campaign.id else {
            throw Share.notFound(at: "/share")
        }
        do {
            try Referral(of: guest.guest, by: share.sharer, in: share.campaign)
                .check(besides: writing.referrals, in: connection)
        } catch let error as PerksError {
            throw refused(error, place.perk, request, subject)
        }
        return share
    }

    /// The hold that a redemption names, if it is this guest's and perk's and still stands.
    private mutating func named(
        _ id: ID<Hold>, _ perk: Perk, _ guest: GuestFacts, _ request: Desk.Request, _ subject: Subject
    ) throws -> GuestFacts.LiveClaim {
        guard let hold = namedHolds[id], hold.perk == perk.id, hold.guest == guest.guest else {
            throw Hold.notFound(at: "/hold")
        }
        if let live = guest.claims.first(where: { $0.id == id.uuid }), let end = live.expiresAt, end > request.now {
            return live
        }
        let sentence =
            hold.status == "redeemed" || guest.claims.contains { $0.id == id.uuid && $0.expiresAt == nil }
            ? "This hold has been redeemed already, with another Idempotency-Key."
            : "The hold has \(hold.status == "released" ? "been released" : "expired"). Redeem without it, if there are any left."
        throw refused(PerksError(.holdExpired, sentence), perk, request, subject)
    }

    private func decide(
        _ place: Catalogue.Place, _ guest: GuestFacts, _ venue: Venue, at now: Timestamp, _ local: Facts.Local,
        confirming hold: GuestFacts.LiveClaim?
    ) -> PerkDecision {
        if hold == nil, let group = place.perk.group {
            let decisions = Decisions(for: guest, at: venue, catalogue, counters, at: now, group: group)
            if let decision = decisions[place.perk.id] { return decision }
        }
        return PerkDecision(
            place.perk, rule: place.rule, of: place.campaign, for: guest, at: venue, catalogue, counters, at: now,
            local,
            confirming: hold)
    }

    private func notRunning(_ campaign: String) -> PerksError {
        PerksError(
            .campaignNotRunning,
            "The campaign \(campaign) does not run at this venue now. `GET /v1/campaigns/\(campaign)` shows its status and dates."
        )
    }

    /// Notes that a claim was refused, and why; answers the error.
    private mutating func refused(
        _ error: PerksError, _ perk: Perk, _ request: Desk.Request, _ subject: Subject
    ) -> PerksError {
        let guest = facts(of: subject)
        writing.refusals.append(
            .init(
                brand: brand.id.uuid, id: .version7(at: request.now), at: request.now, perk: perk.id.uuid,
                campaign: perk.campaignID.uuid,
                // Of a child nothing is kept but the mark that blocks.
                guest: guest?.isUnder13 == true ? nil : guest?.guest.uuid, venue: subject.venue.id.uuid,
                code: error.code.rawValue, actor: request.principal.actor))
        return error
    }

    /// Takes a unit that may be had.
    private mutating func take(
        _ decision: PerkDecision, _ facts: GuestFacts, _ hold: GuestFacts.LiveClaim?, _ share: NamedShare?,
        _ purpose: Purpose, _ local: Facts.Local, _ request: Desk.Request, _ subject: Subject
    ) -> DeskWriting.Outcome {
        var guest = facts
        let (perk, now, venue) = (decision.perk, request.now, subject.venue)
        let start = hold?.periodStart ?? perk.perGuest.period.start(for: local.date)
        let unit = Counters.Unit(
            perk: perk.id, campaign: hold?.campaign ?? decision.campaign.id, cost: hold?.cost ?? perk.cost,
            takesCode: hold?.takesCode ?? (counters.codes[perk.id] != nil))
        let id = hold?.id ?? request.id
        let rests = Redemption.Decision(
            ruleRevision: perk.revision, campaignRevision: decision.campaign.revision,
            conditions: decision.verdict.conditions.map(CheckIn.Condition.init))
        var row = DeskWriting.Claim(
            brand: brand.id.uuid, id: id, perk: perk.id.uuid, campaign: unit.campaign.uuid, guest: guest.guest.uuid,
            venue: venue.id.uuid, periodStart: start, slot: hold?.slot ?? guest.freeSlot(of: perk, from: start),
            group: hold == nil ? perk.group : hold?.group, cost: unit.cost, actor: request.principal.actor,
            claimedAt: hold?.at ?? now, takesCode: unit.takesCode, facts: DecisionFacts(guest, at: now, local))
        var expiresAt: Timestamp?
        switch purpose {
        case .hold:
            let end = now.adding(seconds: perk.holdMinutes * 60)
            expiresAt = end
            counters.hold(unit)
            row.holdReceipt = Hold(
                id: ID(id), status: .held, perk: PerkSummary(perk), campaign: CampaignSummary(decision.campaign),
                guest: .init(id: guest.guest), venue: venue.slug, benefit: perk.benefit, cost: unit.cost, heldAt: now,
                expiresAt: end, decision: rests)
        case .redemption(let draft):
            row.code = hold == nil ? counters.take(unit) : counters.confirm(unit)
            row.order = draft.order
            row.checkIn = draft.checkIn?.uuid
            row.receipt = Redemption(
                id: ID(id), status: .redeemed, perk: PerkSummary(perk), campaign: CampaignSummary(decision.campaign),
                guest: .init(id: guest.guest), venue: venue.slug, checkIn: draft.checkIn,
                hold: hold.map { ID($0.id) }, share: share?.id, benefit: perk.benefit, cost: unit.cost,
                order: draft.order,
                redeemedAt: now, decision: rests)
        }
        if let share {
            let referral = Referral(of: guest.guest, by: share.sharer, in: share.campaign)
            writing.conversions.append((row, referral, share.id))
        }
        guest.count(
            .init(
                id: id, perk: perk.id, campaign: unit.campaign, at: row.claimedAt, periodStart: start, slot: row.slot,
                group: row.group, cost: unit.cost, takesCode: unit.takesCode, expiresAt: expiresAt))
        keep(guest)
        let outcome = writing.add(row, isConfirmation: hold != nil)
        if let idempotency = request.idempotency {
            writing.keys.append(.init(idempotency, claim: id, at: now))
            keys.bind(idempotency, to: outcome)
        }
        return outcome
    }
}
