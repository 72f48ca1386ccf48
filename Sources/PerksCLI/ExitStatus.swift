import Perks

/// How the process ends, for scripts.
enum ExitStatus: Int32 {
    case failed = 1
    case notFound = 3
    case notAllowed = 4
    case refused = 5
    case databaseAway = 6
    case problemsFound = 7
    case usage = 64
    /// As a shell reports a program that SIGPIPE ended.
    case readerGone = 141

    init(_ code: PerksError.Code) {
        self =
            switch code {
            case .invalidRequest, .invalidCursor, .invalidRule, .payloadTooLarge, .unsupportedMediaType,
                .methodNotAllowed, .brandRequired, .idempotencyKeyRequired:
                .usage
            case .unauthenticated, .forbidden:
                .notAllowed
            case .notFound, .brandNotFound, .venueNotFound, .campaignNotFound, .perkNotFound, .topicNotFound,
                .guestNotFound, .checkInNotFound, .redemptionNotFound, .holdNotFound, .keyNotFound, .segmentNotFound,
                .memberNotFound, .shareNotFound, .clickNotFound, .conversionNotFound:
                .notFound
            case .preconditionFailed, .slugTaken, .memberNumberTaken, .invalidTransition,
                .stockBelowUsed, .optedOut,
                .idempotencyKeyReused, .idempotencyKeyInFlight, .notQualified, .minorBlocked, .soldOut, .limitReached,
                .budgetSpent, .codesExhausted, .holdExpired, .campaignNotRunning, .outsideHours, .wrongVenue,
                .alreadyReversed, .undoTooLate, .selfReferral, .referralLoop, .alreadyConverted, .landingURLMissing:
                .refused
            case .overloaded, .unavailable:
                .databaseAway
            case .internal:
                .failed
            }
    }
}
