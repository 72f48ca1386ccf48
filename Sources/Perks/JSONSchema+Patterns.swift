import Eligibility
import Foundation
import Postgres

extension JSONSchema {
    /// The name of an object in URLs.
    package static let slug = string(
        1...63,
        Pattern(
            expression: "^[a-z0-9-]{1,63}$", format: nil, meaning: "a slug: lower-case letters a-z, digits and hyphens"
        ) { text in text.utf8.allSatisfy { Slug.alphabet.contains($0) } })

    /// What people call an object.
    package static let name = string(
        1...200,
        Pattern(expression: "\\S", format: nil, meaning: "a name that is not blank") { text in
            text.contains { !$0.isWhitespace }
        })

    /// A country by ISO 3166-1, such as US.
    package static let country = string(
        2...2,
        Pattern(expression: "^[A-Z]{2}$", format: nil, meaning: "an ISO 3166-1 country code in capitals, such as US") {
            text in text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        })

    /// A currency by ISO 4217, such as USD.
    package static let currency = string(
        3...3,
        Pattern(expression: "^[A-Z]{3}$", format: nil, meaning: "an ISO 4217 currency code in capitals, such as USD") {
            text in text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        })

    /// A zone of the IANA time zone database.
    package static let timeZone = string(
        1...64,
        Pattern(
            expression: "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", format: nil,
            meaning: "an IANA time zone, such as America/Los_Angeles"
        ) { text in Zone(text) != nil })

    /// A calendar date.
    package static let date = string(
        10...10,
        Pattern(expression: "^\\d{4}-\\d{2}-\\d{2}$", format: "date", meaning: "a date that exists, as YYYY-MM-DD") {
            text in LocalDate(text) != nil
        })

    /// A moment.
    package static let timestamp = string(
        20...40,
        Pattern(
            expression: "^\\d{4}-\\d{2}-\\d{2}[Tt ]", format: "date-time",
            meaning: "a time in RFC 3339, such as 2026-11-21T19:02:11Z"
        ) { text in Timestamp(rfc3339: text) != nil })

    /// A web address.
    package static let webAddress = string(
        8...2000,
        Pattern(expression: "^https?://", format: "uri", meaning: "a web address that begins with https:// or http://")
        {
            text in
            guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), let host = url.host() else {
                return false
            }
            return ["http", "https"].contains(scheme) && !host.isEmpty && url.user() == nil
        })

    /// The TypeID text of one kind of object.
    package static func id<Kind: Noun>(of kind: Kind.Type) -> JSONSchema {
        let noun = Kind.noun
        return string(
            28...90,
            Pattern(expression: "^\(noun)_[0-7][0-9a-hjkmnp-tv-z]{25}$", format: nil, meaning: "an id of a \(noun)") {
                text in
                TypeID(text)?.prefix == noun
            })
    }
}
