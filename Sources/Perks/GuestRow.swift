import Crypto
import Eligibility
import Foundation
import Postgres

/// One guest as a file or a request states it, checked but not yet merged.
struct GuestRow {
    var line: Int
    var identity: IdentityKey
    var verified: Bool?
    var displayName: String?
    var birthDate: LocalDate?
    var gender: String?
    var country: String?
    var region: String?
    var city: String?
    var language: String?
    /// In hundredths.
    var score: Int?
    var scoreModel: String?
    var scoreMeasuredAt: Timestamp?
    var reach: Int?
    /// Topic to strength in hundredths.
    var topics: [Int: Int] = [:]

    /// Why a row is refused, as a sentence.
    struct Refusal: Error {
        let reason: String

        init(_ reason: String) {
            self.reason = reason
        }
    }

    /// The columns of a file, with what each cell must be.
    static let columns = [
        "network", "handle", "display_name", "verified", "birth_date", "gender", "country", "region", "city",
        "language", "score", "score_model", "score_measured_at", "reach", "topics",
    ]
}

/// Turns cells into guests; knows what day it is and which topics there are.
struct GuestRowReader {
    let now: Timestamp
    let topics: TopicNames

    /// Reads a row of a CSV file; throws why it is refused.
    func row(line: Int, _ cells: [String: String]) throws(GuestRow.Refusal) -> GuestRow {
        func cell(_ name: String, atMost length: Int) throws(GuestRow.Refusal) -> String? {
            let trimmed = cells[name]?.trimmingCharacters(in: .whitespaces).precomposedStringWithCanonicalMapping
            guard let text = trimmed, !text.isEmpty else { return nil }
            guard text.unicodeScalars.count <= length else {
                throw .init("\(name) is longer than \(length) characters.")
            }
            guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw .init("\(name) contains a control character.")
            }
            return text
        }
        let network = try cell("network", atMost: 32) ?? ""
        let handle = try cell("handle", atMost: 200) ?? ""
        guard !handle.isEmpty else { throw .init("There is no handle.") }
        guard let identity = IdentityKey(network: network, handle: handle) else {
            throw .init(
                network.isEmpty
                    ? "There is no network."
                    : "\(network):\(handle) is no identity; a network is a word such as twitter.")
        }
        var row = GuestRow(line: line, identity: identity)
        row.verified = try cell("verified", atMost: 5).map { text throws(GuestRow.Refusal) in
            switch text.lowercased() {
            case "true": true
            case "false": false
            default: throw .init("verified must be true, false or empty, not \(text).")
            }
        }
        row.displayName = try cell("display_name", atMost: 200)
        row.birthDate = try cell("birth_date", atMost: 20).map { text throws(GuestRow.Refusal) in try birthDate(text) }
        row.gender = try cell("gender", atMost: 32)
        row.country = try cell("country", atMost: 32).map { text throws(GuestRow.Refusal) in
            guard text.utf8.count == 2, text.allSatisfy({ $0.isASCII && $0.isLetter }) else {
                throw .init("country must be an ISO 3166-1 code of two letters, not \(text).")
            }
            return text.uppercased()
        }
        row.region = try cell("region", atMost: 32)
        row.city = try cell("city", atMost: 100)
        row.language = try cell("language", atMost: 35)
        row.score = try cell("score", atMost: 20).map { text throws(GuestRow.Refusal) in
            try hundredths(text, within: 1...100, "The score")
        }
        row.scoreModel = try cell("score_model", atMost: 64)
        row.scoreMeasuredAt = try cell("score_measured_at", atMost: 40).map { text throws(GuestRow.Refusal) in
            guard let moment = Timestamp(rfc3339: text) else {
                throw .init("score_measured_at must be a time such as 2026-11-21T19:02:11Z, not \(text).")
            }
            guard moment <= now.adding(seconds: 86_400) else {
                throw .init("score_measured_at \(text) lies in the future.")
            }
            return moment
        }
        row.reach = try cell("reach", atMost: 20).map { text throws(GuestRow.Refusal) in
            guard let reach = Int(text), (0...1_000_000_000_000).contains(reach) else {
                throw .init("reach must be a whole number from 0 on, not \(text).")
            }
            return reach
        }
        if let text = try cell("topics", atMost: 10_000) {
            for entry in text.split(separator: ";") {
                let (topic, strength) = try topic(entry)
                row.topics[topic] = strength
            }
        }
        return row
    }

    private func topic(_ entry: Substring) throws(GuestRow.Refusal) -> (id: Int, strength: Int) {
        let entry = entry.trimmingCharacters(in: .whitespaces)
        guard let colon = entry.lastIndex(of: ":") else {
            throw .init("topics must be slug:strength joined by semicolons; \(entry) has no strength.")
        }
        let slug = String(entry[..<colon])
        guard let topic = topics[slug] else {
            let nearest = topics.nearest(to: slug)
            throw .init(
                "There is no topic \(slug)"
                    + (nearest.isEmpty ? "." : "; is \(nearest.joined(separator: " or ")) meant?"))
        }
        return (
            topic,
            try hundredths(String(entry[entry.index(after: colon)...]), within: 0...100, "The strength of \(slug)")
        )
    }

    private func birthDate(_ text: String) throws(GuestRow.Refusal) -> LocalDate {
        let today = Zone.utc.local(now).date
        guard let date = LocalDate(text), date <= today, date.age(on: today) <= 130 else {
            throw .init("birth_date must be a date of birth as YYYY-MM-DD, not \(text).")
        }
        guard date.age(on: today) >= 13 else {
            throw .init("The guest is under 13; nothing is kept of children.")
        }
        return date
    }

    private func hundredths(
        _ text: String, within range: ClosedRange<Decimal>, _ what: String
    ) throws(GuestRow.Refusal) -> Int {
        let isNumber = !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard isNumber, let number = Decimal(string: text), text.count(where: { $0 == "." }) <= 1,
            range.contains(number)
        else {
            throw .init("\(what) must be a number from \(range.lowerBound) to \(range.upperBound), not \(text).")
        }
        return NSDecimalNumber(decimal: number * 100).rounding(accordingToBehavior: Self.toWhole).intValue
    }

    private static let toWhole = NSDecimalNumberHandler(
        roundingMode: .plain, scale: 0, raiseOnExactness: false, raiseOnOverflow: false, raiseOnUnderflow: false,
        raiseOnDivideByZero: false)
}

/// A keyed hash of an identity: enough to recognise it again, useless without the key for finding out whose it was.
struct IdentityHasher {
    private let key: SymmetricKey

    /// Reads the platform's key, making it the first time.
    init(in connection: isolated Connection, at now: Timestamp) throws {
        let fresh = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        try connection.execute(
            """
            insert into secret (name, value, created_at) values ('identity_hash', \(fresh), \(now))
            on conflict on constraint secret_pkey do nothing
            """)
        let row = try connection.query("select value from secret where name = 'identity_hash'")[0]
        key = SymmetricKey(data: try row["value"] as [UInt8])
    }

    /// HMAC-SHA-256 of the identity in its compared form.
    func hash(_ identity: IdentityKey) -> [UInt8] {
        hash(Array((identity.network + ":" + identity.handleKey).utf8))
    }

    /// The same of the identity as it was compared before addresses had aliases; nil where that makes no difference.
    func olderHash(_ identity: IdentityKey) -> [UInt8]? {
        guard identity.spelledKey != identity.handleKey else { return nil }
        return hash(Array((identity.network + ":" + identity.spelledKey).utf8))
    }

    /// HMAC-SHA-256 of bytes that tell of an identity.
    func hash(_ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
    }
}
