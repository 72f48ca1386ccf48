import Eligibility
import Foundation
import Postgres

extension DeskWriting {
    /// A row of `claim`, by the names of its columns.
    struct Claim: Encodable {
        let brand: UUID
        let id: UUID
        let perk: UUID
        let campaign: UUID
        let guest: UUID
        let venue: UUID
        var checkIn: UUID?
        let periodStart: LocalDate
        let slot: Int
        let group: String?
        let cost: Int
        var order: Redemption.Order?
        let actor: String
        let claimedAt: Timestamp
        let takesCode: Bool
        /// The position of the code that it takes.
        var code: Int?
        let facts: DecisionFacts
        var holdReceipt: Hold?
        var receipt: Redemption?

        private enum CodingKeys: String, CodingKey {
            case id, status, slot, cost, actor, facts, receipt
            case brand = "brand_id"
            case perk = "perk_id"
            case campaign = "campaign_id"
            case guest = "guest_id"
            case venue = "venue_id"
            case checkIn = "check_in_id"
            case periodStart = "period_start"
            case group = "perk_group"
            case orderReference = "order_reference"
            case orderAmount = "order_amount"
            case orderCurrency = "order_currency"
            case claimedAt = "claimed_at"
            case heldAt = "held_at"
            case expiresAt = "expires_at"
            case redeemedAt = "redeemed_at"
            case takesCode = "takes_code"
            case code = "code_position"
            case holdReceipt = "hold_receipt"
        }

        func encode(to encoder: any Encoder) throws {
            var row = encoder.container(keyedBy: CodingKeys.self)
            try row.encode(brand, forKey: .brand)
            try row.encode(id, forKey: .id)
            try row.encode(perk, forKey: .perk)
            try row.encode(campaign, forKey: .campaign)
            try row.encode(guest, forKey: .guest)
            try row.encode(venue, forKey: .venue)
            try row.encodeIfPresent(checkIn, forKey: .checkIn)
            try row.encode(receipt == nil ? "held" : "redeemed", forKey: .status)
            try row.encode(periodStart, forKey: .periodStart)
            try row.encode(slot, forKey: .slot)
            try row.encodeIfPresent(group, forKey: .group)
            try row.encode(cost, forKey: .cost)
            try row.encodeIfPresent(order?.reference, forKey: .orderReference)
            try row.encodeIfPresent(order?.amount, forKey: .orderAmount)
            try row.encodeIfPresent(order?.currency, forKey: .orderCurrency)
            try row.encode(actor, forKey: .actor)
            try row.encode(claimedAt, forKey: .claimedAt)
            try row.encodeIfPresent(holdReceipt?.heldAt, forKey: .heldAt)
            try row.encodeIfPresent(holdReceipt?.expiresAt, forKey: .expiresAt)
            try row.encodeIfPresent(receipt?.redeemedAt, forKey: .redeemedAt)
            try row.encode(takesCode, forKey: .takesCode)
            try row.encodeIfPresent(code, forKey: .code)
            try row.encode(facts, forKey: .facts)
            try row.encodeIfPresent(holdReceipt, forKey: .holdReceipt)
            try row.encodeIfPresent(receipt, forKey: .receipt)
        }

        /// What the caller is answered.
        var answer: Desk.Answer {
            get throws {
                if let receipt { return .redemption(receipt) }
                guard let holdReceipt else { throw PerksError(.internal, "A claim has no receipt.") }
                return .hold(holdReceipt)
            }
        }
    }

    /// A row of `check_in`, by the names of its columns.
    struct CheckInRow: Encodable {
        let brand: UUID
        let id: UUID
        let at: Timestamp
        let venue: UUID
        let guest: UUID?
        let actor: String
        let campaigns: [UUID]
        let qualifiedPerks: [UUID]
        let qualifiedCampaigns: [UUID]
        let decision: CheckIn

        private enum CodingKeys: String, CodingKey {
            case id, at, actor, decision
            case brand = "brand_id"
            case venue = "venue_id"
            case guest = "guest_id"
            case campaigns = "campaign_ids"
            case qualifiedPerks = "qualified_perk_ids"
            case qualifiedCampaigns = "qualified_campaign_ids"
        }
    }

    /// A row of `refusal`, by the names of its columns.
    struct Refusal: Encodable {
        let brand: UUID
        let id: UUID
        let at: Timestamp
        let perk: UUID
        let campaign: UUID
        let guest: UUID?
        let venue: UUID
        let code: String
        let actor: String

        private enum CodingKeys: String, CodingKey {
            case id, at, code, actor
            case brand = "brand_id"
            case perk = "perk_id"
            case campaign = "campaign_id"
            case guest = "guest_id"
            case venue = "venue_id"
        }
    }

    /// A row of `idempotency_key`: bound to a claim for ever, or to an answer for a while.
    struct Key {
        let text: String
        let fingerprint: [UInt8]
        var claim: UUID?
        var answer: String?
        var keptUntil: Timestamp?
        var guest: UUID?
        let now: Timestamp

        init(_ idempotency: Idempotency, claim: UUID, at now: Timestamp) {
            text = idempotency.key.text
            fingerprint = idempotency.fingerprint
            self.claim = claim
            self.now = now
        }

        /// The answer is forgotten with the guest it tells of.
        init(_ idempotency: Idempotency, answer: String, at now: Timestamp, of guest: ID<Guest>?) {
            text = idempotency.key.text
            fingerprint = idempotency.fingerprint
            self.answer = answer
            keptUntil = now.adding(seconds: Idempotency.secondsKept)
            self.guest = guest?.uuid
            self.now = now
        }
    }
}
