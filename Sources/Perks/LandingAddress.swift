import Foundation

/// The address that a campaign's links lead to, with what tells the landing page where a visitor has come from.
///
/// `utm_source`, `utm_medium` and `utm_campaign` are added in lower case where the address does not have them, and
/// `perks_click` names the click. Everything else of the address, its fragment included, stays as it is.
struct LandingAddress: Sendable {
    /// The address as the campaign has it.
    let plain: String
    private let beforeClick: String
    private let afterClick: String

    /// The address of a campaign; nil for a text that is none.
    init?(_ address: String, campaign slug: String) {
        // What Foundation prints has every character encoded that a header must not carry.
        guard let plain = URL(string: address)?.absoluteString, plain.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        let fragment = plain.firstIndex(of: "#") ?? plain.endIndex
        let query = plain[..<fragment].firstIndex(of: "?") ?? fragment
        let given = plain[query..<fragment].dropFirst().split(separator: "&")
            .filter { LandingAddress.name(of: $0) != LandingAddress.click }
        let names = Set(given.map(LandingAddress.name))
        let added = [("utm_source", "perks"), ("utm_medium", "share"), ("utm_campaign", slug)]
            .filter { !names.contains($0.0) }.map { "\($0.0)=\($0.1)" }
        self.plain = plain
        beforeClick =
            plain[..<query] + "?"
            + (given.map(String.init) + added + ["\(LandingAddress.click)="]).joined(separator: "&")
        afterClick = String(plain[fragment...])
    }

    /// The address for one click.
    func text(for click: ID<Click>) -> String { beforeClick + click.description + afterClick }

    private static let click = "perks_click"

    private static func name(of parameter: Substring) -> String {
        parameter.prefix { $0 != "=" }.lowercased()
    }
}
