import Eligibility
import Foundation
import Postgres

extension DeskBatch {
    /// Says what a guest may have, and has it recorded.
    mutating func checkIn(
        _ draft: CheckIn.Draft, _ request: Desk.Request, _ subject: Subject, in connection: isolated Connection
    ) throws -> DeskWriting.Outcome {
        let (principal, now, venue) = (request.principal, request.now, subject.venue)
        let local = venue.zone.local(now)
        var guest = facts(of: subject)
        if let date = draft.birthDateOnID, let known = guest?.guest {
            let kept = try Member.keep(
                birthDateOnID: date, of: known, on: local.date, as: principal, at: now, in: connection)
            guest?.birthDateOnID = kept.date
            guest?.isUnder13 = kept.isUnder13
            if let guest { keep(guest) }
        }
        let decisions = Decisions(for: guest, at: venue, catalogue, counters, at: now)
        var checkIn = CheckIn(decisions, guest, at: venue, at: now)
        checkIn.id = ID(request.id)
        // Of a child nothing is kept but the mark that blocks.
        let isChild = guest?.isUnder13 == true
        var recorded = isChild ? checkIn.withoutGuest : checkIn
        if !isChild, let guest {
            recorded.record = CheckIn.Record(
                facts: DecisionFacts(guest, at: now, local),
                hidden: decisions.all.filter(\.isHidden).map { PerkSummary($0.perk) })
        }
        let named = isChild ? nil : guest?.guest
        writing.checkIns.append(
            .init(
                brand: brand.id.uuid, id: request.id, at: now, venue: venue.id.uuid, guest: named?.uuid,
                actor: principal.actor, campaigns: decisions.campaigns.map(\.id.uuid),
                qualifiedPerks: decisions.qualified.map(\.perk.id.uuid),
                qualifiedCampaigns: Set(decisions.qualified.map(\.campaign.id)).sorted().map(\.uuid),
                decision: recorded))
        let answer = checkIn.shown(to: principal)
        if !isChild, let idempotency = request.idempotency {
            let text = String(decoding: try JSON.encoder.encode(answer), as: UTF8.self)
            writing.keys.append(
                .init(idempotency, answer: text, at: now, of: named))
            keys.bind(idempotency, to: .new(.checkIn(answer)))
        }
        return .new(.checkIn(answer))
    }
}
