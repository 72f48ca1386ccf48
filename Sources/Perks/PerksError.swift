/// Everything a caller can be told has gone wrong.
///
/// A closed set of codes plus a sentence for the caller. Whatever else is thrown is internal: it is logged, and the
/// caller learns only that it happened.
package struct PerksError: Error, Sendable {
    /// What happened, stable for programs.
    package enum Code: String, CaseIterable, Sendable {
        // The request
        case invalidRequest = "invalid_request"
        case invalidCursor = "invalid_cursor"
        case invalidRule = "invalid_rule"
        case payloadTooLarge = "payload_too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case methodNotAllowed = "method_not_allowed"
        case preconditionFailed = "precondition_failed"
        // The caller
        case unauthenticated
        case forbidden
        case brandRequired = "brand_required"
        // What is not there
        case notFound = "not_found"
        case brandNotFound = "brand_not_found"
        case venueNotFound = "venue_not_found"
        case campaignNotFound = "campaign_not_found"
        case perkNotFound = "perk_not_found"
        case topicNotFound = "topic_not_found"
        case guestNotFound = "guest_not_found"
        case checkInNotFound = "check_in_not_found"
        case redemptionNotFound = "redemption_not_found"
        case holdNotFound = "hold_not_found"
        case keyNotFound = "key_not_found"
        case segmentNotFound = "segment_not_found"
        case memberNotFound = "member_not_found"
        case shareNotFound = "share_not_found"
        case clickNotFound = "click_not_found"
        case conversionNotFound = "conversion_not_found"
        // What is in the way
        case slugTaken = "slug_taken"
        case memberNumberTaken = "member_number_taken"
        case invalidTransition = "invalid_transition"
        case stockBelowUsed = "stock_below_used"
        case optedOut = "opted_out"
        case landingURLMissing = "landing_url_missing"
        case alreadyConverted = "already_converted"
        // Idempotency
        case idempotencyKeyRequired = "idempotency_key_required"
        case idempotencyKeyReused = "idempotency_key_reused"
        case idempotencyKeyInFlight = "idempotency_key_in_flight"
        // Refusals of a redemption
        case notQualified = "not_qualified"
        case minorBlocked = "minor_blocked"
        case soldOut = "sold_out"
        case limitReached = "limit_reached"
        case budgetSpent = "budget_spent"
        case codesExhausted = "codes_exhausted"
        case campaignNotRunning = "campaign_not_running"
        case outsideHours = "outside_hours"
        case wrongVenue = "wrong_venue"
        case holdExpired = "hold_expired"
        case alreadyReversed = "already_reversed"
        case undoTooLate = "undo_too_late"
        case selfReferral = "self_referral"
        case referralLoop = "referral_loop"
        // The service
        case overloaded
        case unavailable
        case `internal`
    }

    /// One fault of the input, at its place.
    package struct Violation: Hashable, Sendable, Codable {
        /// A JSON pointer (RFC 6901) into the body, or the name of a parameter.
        package var pointer: String
        package var code: String
        package var detail: String

        package init(_ pointer: String, _ code: String, _ detail: String) {
            self.pointer = pointer
            self.code = code
            self.detail = detail
        }
    }

    package var code: Code
    /// A sentence that says what is wrong and what to do next.
    package var detail: String
    package var violations: [Violation]
    /// Why a guest does not qualify; empty for every other code.
    package var reasons: [DecisionReason]

    package init(
        _ code: Code, _ detail: String, violations: [Violation] = [], reasons: [DecisionReason] = []
    ) {
        self.code = code
        self.detail = detail
        self.violations = violations
        self.reasons = reasons
    }

    /// Bad input with one fault.
    package static func invalid(_ pointer: String, _ code: String, _ detail: String) -> PerksError {
        PerksError(.invalidRequest, detail, violations: [Violation(pointer, code, detail)])
    }
}
