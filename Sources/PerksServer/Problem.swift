import Foundation
import HTTPTypes
import Perks

/// A refusal as callers see it: `application/problem+json` (RFC 9457).
struct Problem: Encodable {
    let type: String
    let title: String
    let status: Int
    let detail: String
    let code: String
    let requestID: String
    let errors: [PerksError.Violation]?
    let reasons: [DecisionReason]?

    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, errors, reasons
        case requestID = "request_id"
    }

    static let mediaType = "application/problem+json"

    /// What a caller may know of an error: all of a `PerksError`, of anything else only that it happened.
    init(_ error: any Error, requestID: String) {
        let known: PerksError
        switch error {
        case let error as PerksError where error.code != .internal: known = error
        case is CancellationError:
            known = PerksError(.unavailable, "The server is shutting down. Send the request again in a moment.")
        default:
            known = PerksError(
                .internal, "Something went wrong on our side; it is in the log under \(requestID). Try again later.")
        }
        self.init(
            known.code.status, code: known.code.rawValue, known.detail, requestID: requestID, errors: known.violations,
            reasons: known.reasons)
    }

    /// A refusal that is decided below the use cases, by the protocol itself.
    init(
        _ status: HTTPResponse.Status, code: String, _ detail: String, requestID: String,
        errors: [PerksError.Violation] = [], reasons: [DecisionReason] = []
    ) {
        type = "/docs#problem-\(code)"
        title = Problem.title(of: code)
        self.status = status.code
        self.detail = detail
        self.code = code
        self.requestID = requestID
        self.errors = errors.isEmpty ? nil : errors
        self.reasons = reasons.isEmpty ? nil : reasons
    }

    /// A code as words, such as "Slug taken".
    static func title(of code: String) -> String {
        let words = code.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    /// The reply that says so, with the headers that belong to its status.
    var reply: Reply {
        let body = (try? JSON.encoder.encode(self)) ?? Data()
        var reply = Reply(HTTPResponse.Status(code: status), type: Problem.mediaType, body: body)
        if status == HTTPResponse.Status.unauthorized.code { reply.headers[.wwwAuthenticate] = "Bearer" }
        if PerksError.Code(rawValue: code)?.isPassing == true { reply.headers[.retryAfter] = "1" }
        return reply
    }
}

extension PerksError.Code {
    /// The HTTP status that carries a code.
    var status: HTTPResponse.Status {
        switch self {
        case .invalidRequest, .invalidCursor, .invalidRule, .brandRequired, .idempotencyKeyRequired: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound, .brandNotFound, .venueNotFound, .campaignNotFound, .perkNotFound, .topicNotFound,
            .guestNotFound, .checkInNotFound, .redemptionNotFound, .holdNotFound, .keyNotFound, .segmentNotFound,
            .memberNotFound, .shareNotFound, .clickNotFound, .conversionNotFound:
            .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .slugTaken, .memberNumberTaken, .invalidTransition, .stockBelowUsed, .optedOut,
            .idempotencyKeyInFlight,
            .notQualified, .minorBlocked, .soldOut, .limitReached, .budgetSpent, .codesExhausted, .holdExpired,
            .campaignNotRunning,
            .outsideHours, .wrongVenue, .alreadyReversed, .undoTooLate, .selfReferral, .referralLoop, .alreadyConverted,
            .landingURLMissing:
            .conflict
        case .preconditionFailed: .preconditionFailed
        case .payloadTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .idempotencyKeyReused: .unprocessableContent
        case .internal: .internalServerError
        case .overloaded, .unavailable: .serviceUnavailable
        }
    }

    /// Whether the same request may well succeed in a moment.
    fileprivate var isPassing: Bool {
        switch self {
        case .overloaded, .unavailable, .idempotencyKeyInFlight: true
        default: false
        }
    }
}
