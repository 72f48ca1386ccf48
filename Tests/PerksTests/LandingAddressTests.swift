import Foundation
import Testing

@testable import Perks

@Suite struct LandingAddressTests {
    private static let click = ID<Click>(at: Palms.now)

    /// A landing page, and where a link to it leads before the click is named.
    @Test(
        arguments: [
            ("https://palms.example", "https://palms.example?utm_source=perks&utm_medium=share&utm_campaign=opening"),
            ("https://palms.example/", "https://palms.example/?utm_source=perks&utm_medium=share&utm_campaign=opening"),
            (
                "https://palms.example/a?b=c&d",
                "https://palms.example/a?b=c&d&utm_source=perks&utm_medium=share&utm_campaign=opening"
            ),
            (
                "https://palms.example/a?",
                "https://palms.example/a?utm_source=perks&utm_medium=share&utm_campaign=opening"
            ),
            (
                "https://palms.example/a?UTM_Source=Radio&utm_medium=",
                "https://palms.example/a?UTM_Source=Radio&utm_medium=&utm_campaign=opening"
            ),
            (
                "https://palms.example/a?perks_click=forged&x=1",
                "https://palms.example/a?x=1&utm_source=perks&utm_medium=share&utm_campaign=opening"
            ),
        ])
    func parametersAreAddedWhereTheyAreMissing(landing: String, expected: String) throws {
        let address = try #require(LandingAddress(landing, campaign: "opening"))
        #expect(address.text(for: Self.click) == "\(expected)&perks_click=\(Self.click)")
        #expect(address.plain == landing)
        let fragment = try #require(LandingAddress(landing + "#top?x=1", campaign: "opening"))
        #expect(fragment.text(for: Self.click) == "\(expected)&perks_click=\(Self.click)#top?x=1")
    }

    @Test func whatAHeaderMustNotCarryIsEncoded() throws {
        let address = try #require(LandingAddress("https://palms.example/caf\u{E9}?q=\u{4E2D}", campaign: "opening"))
        #expect(address.plain == "https://palms.example/caf%C3%A9?q=%E4%B8%AD")
        for landing in ["", "\r\nLocation: https://evil.example"] {
            let address = LandingAddress(landing, campaign: "opening")
            #expect(address == nil || address?.plain.contains("\n") == false)
        }
    }

    @Test func aTokenIsNotGuessedAndReadInAnyForm() {
        let tokens = Set((0..<1000).map { _ in ShareToken.random() })
        #expect(tokens.count == 1000)
        #expect(tokens.allSatisfy(ShareToken.isValid))
        let token = ShareToken.random()
        for name in [token, token.uppercased(), "https://perks.example/s/\(token)", "perks.example/s/\(token)/"] {
            #expect(ShareReference(name) == .token(token), "\(name)")
        }
        let id = ID<Share>(at: Palms.now)
        #expect(ShareReference(id.description) == .id(id))
        for name in ["", "nobody", "\(ID<Click>(at: Palms.now))", token + "x", "https://perks.example/s/"] {
            #expect(ShareReference(name) == nil, "\(name)")
        }
    }
}
