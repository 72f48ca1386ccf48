import Foundation

/// Something that a client wants; however often it is sent, it is one request.
struct Request: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case redemption, hold, release, reversal
    }

    let kind: Kind
    /// Its Idempotency-Key; of a release, which needs none, a name for it.
    let key: String
    let guest: String
    /// A perk's slug.
    let perk: String
    /// The id of the hold that is released or redeemed, or of the redemption that is taken back.
    var unit: String?

    var method: String { kind == .release ? "DELETE" : "POST" }

    var path: String {
        switch kind {
        case .redemption: "/v1/redemptions"
        case .hold: "/v1/holds"
        case .release: "/v1/holds/\(unit ?? "")"
        case .reversal: "/v1/redemptions/\(unit ?? "")/reversal"
        }
    }

    /// The JSON that is sent, the same each time.
    var body: String? {
        switch kind {
        case .redemption:
            let hold = unit.map { #", "hold": "\#($0)""# } ?? ""
            return #"{"guest": "\#(guest)", "perk": "\#(perk)", "venue": "desk"\#(hold)}"#
        case .hold: return #"{"guest": "\#(guest)", "perk": "\#(perk)", "venue": "desk"}"#
        case .release: return nil
        case .reversal: return #"{"reason": "the guest left"}"#
        }
    }

    /// The refusals that a request of this kind may meet; any other is a fault.
    var mayBeRefusedWith: Set<String> {
        switch kind {
        case .redemption, .hold:
            [
                "sold_out", "limit_reached", "budget_spent", "codes_exhausted", "hold_expired", "hold_not_found",
                "invalid_transition",
            ]
        case .release: ["hold_not_found", "hold_expired", "invalid_transition"]
        case .reversal: ["already_reversed"]
        }
    }
}

/// What came of sending a request once.
enum Outcome: Sendable {
    case acknowledged(Answer)
    /// Nothing was done, and nothing will be by this.
    case refused(status: UInt, code: String)
    /// It may have been done, or may yet be.
    case unknown(String)

    /// What an answer of the server means.
    init(_ answer: Answer) {
        switch answer.status {
        case 200..<300: self = .acknowledged(answer)
        case 400..<500:
            let code = answer.text("code") ?? "without a code"
            let isUndecided = [408, 429].contains(answer.status) || code == "idempotency_key_in_flight"
            self = isUndecided ? .unknown(code) : .refused(status: answer.status, code: code)
        default: self = .unknown("\(answer.status) \(answer.text("code") ?? "")")
        }
    }

    var answer: Answer? { if case .acknowledged(let answer) = self { answer } else { nil } }
    var isUnknown: Bool { if case .unknown = self { true } else { false } }
    var refusal: String? { if case .refused(_, let code) = self { code } else { nil } }
}

extension Outcome: CustomStringConvertible {
    var description: String {
        switch self {
        case .acknowledged(let answer): "\(answer.status)\(answer.isReplay ? " replayed" : "") \(answer.body)"
        case .refused(let status, let code): "refused: \(status) \(code)"
        case .unknown(let reason): "unknown: \(reason)"
        }
    }
}

/// What the server answered.
struct Answer: Sendable {
    let status: UInt
    let body: String
    let isReplay: Bool

    /// A text at the top of the body, or one level below.
    func text(_ name: String, in object: String? = nil) -> String? {
        let top = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        guard let object else { return top?[name] as? String }
        return (top?[object] as? [String: Any])?[name] as? String
    }
}
