import Postgres
import Testing

@testable import Perks

extension SimulationPlayer {
    mutating func share(_ steps: ArraySlice<Simulation.Step>) async throws {
        let catalogues = palms.backend.catalogues
        let wishes = steps.compactMap { step -> (index: Int?, draft: Share.Draft, at: Timestamp)? in
            guard case .share(let person, let campaign, let place, let browser, let becomes) = step.act else {
                return nil
            }
            let visitor = browser.map { Visitor(address: Self.address(of: $0), userAgent: Self.agent(of: $0)) }
            let draft = Share.Draft(
                guest: guest(person), campaign: Simulation.campaigns[campaign].slug,
                venue: place.map { Simulation.places[$0].slug }, visitor: visitor)
            return (becomes, draft, step.at)
        }
        let made = try await together(steps, wishes) { wish, owner, connection in
            try Share.create(
                wish.draft, publicURL: Self.publicURL, as: owner, at: wish.at, catalogues, in: connection)
        }
        for (wish, share) in zip(wishes, made) {
            if let index = wish.index { keep(share, as: index) }
        }
    }

    func post(_ steps: ArraySlice<Simulation.Step>) async throws {
        let wishes = steps.compactMap { step -> (share: ID<Share>, draft: SharePost.Draft, at: Timestamp)? in
            guard case .post(let index, let given, _) = step.act, let share = shares[play.posts[index].share] else {
                return nil
            }
            let post = play.posts[index]
            let draft = SharePost.Draft(
                network: "twitter", url: "https://social.example/posts/\(index)", reach: post.reach, postedAt: given,
                disclosed: post.disclosed)
            return (share.id, draft, step.at)
        }
        _ = try await together(steps, wishes) { wish, owner, connection in
            try SharePost.record(wish.draft, of: wish.share, as: owner, at: wish.at, in: connection).id
        }
    }

    // MARK: Clicks

    mutating func click(_ steps: ArraySlice<Simulation.Step>) async throws {
        for step in steps {
            guard case .click(let index, let disguise) = step.act else { continue }
            let click = play.clicks[index]
            let share = try #require(shares[click.share])
            let followed = try await palms.backend.follow(share.token, visit(click.browser, disguise), at: step.at)
            let campaign = Simulation.campaigns[play.shares[click.share].campaign].slug
            #expect(followed.location.hasPrefix("https://brand.example/\(campaign)"))
            let made: ID<Click> = try #require(followed.click)
            clicks[index] = made
        }
        try await palms.backend.recordClicks()
    }

    private func visit(_ browser: Int, _ disguise: Simulation.Disguise) -> Visit {
        let (address, agent) = (Self.address(of: browser), Self.agent(of: browser))
        return switch disguise {
        case .none: Visit(address: address, agent: agent)
        case .head: Visit(address: address, agent: agent, isHead: true)
        case .prefetch: Visit(address: address, agent: agent, purposes: ["prefetch"])
        case .program(let program): Visit(address: address, agent: program)
        }
    }

    private static func address(of browser: Int) -> String {
        "10.\(browser >> 16 & 255).\(browser >> 8 & 255).\(browser & 255)"
    }

    private static func agent(of browser: Int) -> String {
        [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
                + "Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        ][browser % 3]
    }

    // MARK: Conversions

    mutating func convert(_ steps: ArraySlice<Simulation.Step>) async throws {
        let wishes = steps.compactMap { step -> (index: Int?, draft: Conversion.Draft, at: Timestamp)? in
            guard case .convert(let wish, _, let becomes) = step.act else { return nil }
            let earlier = wish.earlier.compactMap { clicks[$0] }
            let draft = Conversion.Draft(
                click: wish.click.flatMap { clicks[$0] }, earlierClicks: earlier.isEmpty ? nil : earlier,
                share: wish.share.flatMap { shares[$0]?.token }, guest: wish.person.map { guest($0) },
                order: wish.order.map { .init(reference: $0) }, convertedAt: wish.at)
            return (becomes, draft, step.at)
        }
        let made = try await together(steps, wishes) { wish, owner, connection in
            try Conversion.record(wish.draft, as: owner, at: wish.at, in: connection).id
        }
        for (wish, id) in zip(wishes, made) {
            if let index = wish.index { conversions[index] = id }
        }
    }

    func reverseConversions(_ steps: ArraySlice<Simulation.Step>) async throws {
        let wishes = steps.compactMap { step -> (ID<Conversion>, Timestamp)? in
            guard case .reverseConversion(let index, _) = step.act else { return nil }
            return conversions[index].map { ($0, step.at) }
        }
        _ = try await together(steps, wishes) { wish, owner, connection in
            try Conversion.reverse(wish.0, .init(reason: "simulated"), as: owner, at: wish.1, in: connection).id
        }
    }
}
