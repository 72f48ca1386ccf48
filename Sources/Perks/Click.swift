import Foundation
import Postgres

/// Somebody, or something, that followed a link.
package enum Click: Noun {
    package static let noun = "click"

    /// What a click is taken for; only those of people are net.
    package enum Kind: String, Codable, CaseIterable, Sendable {
        case human
        /// A program: by its agent, by asking for the head alone, or by what it says it wants the page for.
        case bot
        /// The sharer's own visitor.
        case own = "self"
        /// Sooner after the share was made, or after two other clicks of the same visitor, than a person could be.
        case tooFast = "too_fast"
        /// The same visitor on the same link again.
        case duplicate
    }

    /// Whoever clicks less than this after a share was made is no reader of it.
    static let secondsToPost = 1
    /// The third and later click of a visitor within so many seconds is too fast.
    static let secondsOfBurst = 2
    /// For so long after a click was counted the same visitor is not counted for the same link again.
    static let secondsOfRepetition = 86_400
}

/// A link that was followed: where it leads, and what the click is called if it is counted.
package struct Followed: Sendable {
    package let location: String
    /// Nil where the sharer has asked to be left out.
    package let click: ID<Click>?
}

extension Backend {
    /// Follows a link: says where it leads, and has the click recorded without waiting for it, but for a moment when clicks
    /// come faster than they are recorded.
    ///
    /// Throws `not_found` for a link that there is not, or that leads nowhere any more.
    package func follow(_ token: String, _ visit: Visit, at now: Timestamp) async throws -> Followed {
        guard let link = try await reporting({ try await links.find(token) }) else {
            throw PerksError(.notFound, "There is no such link. Check that it was copied whole.")
        }
        guard link.isCounted else { return Followed(location: link.landing.plain, click: nil) }
        let click = ID<Click>(at: now)
        await clicks.record(.init(id: click, at: now, link: link, visit: visit))
        return Followed(location: link.landing.text(for: click), click: click)
    }

    /// Waits until every click so far is recorded; throws what has kept them from being so.
    package func recordClicks() async throws {
        try await reporting { try await clicks.settle() }
    }
}
