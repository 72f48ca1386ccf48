import Perks
import Postgres
import Testing

extension SimulationPlayer {
    func checkIn(_ steps: ArraySlice<Simulation.Step>) async throws {
        let visits = steps.compactMap { step -> (Simulation.CheckIn, Principal)? in
            guard case .checkIn(let index) = step.act else { return nil }
            let visit = play.checkIns[index]
            return (visit, owners[Simulation.places[visit.place].brand])
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (visit, owner) in visits {
                let (guest, backend) = (guest(visit.person), palms.backend)
                let expected = Set(visit.qualified.map { perks[$0] })
                group.addTask {
                    let answer = try await backend.checkIn(
                        .init(guest: guest, venue: Simulation.places[visit.place].slug), as: owner, at: visit.at
                    ).answer
                    #expect(Set(answer.best) == expected, "\(guest) at \(visit.at.rfc3339)")
                }
            }
            try await group.waitForAll()
        }
    }

    mutating func redeem(_ range: Range<Int>) async throws {
        let outcomes = try await withThrowingTaskGroup(of: (Int, ID<Redemption>?, String?).self) { group in
            for index in range {
                guard case .redeem(let person, let perk, let place, let link, _) = play.steps[index].act else {
                    continue
                }
                let owner = owners[Simulation.places[place].brand]
                let draft = Redemption.Draft(
                    guest: guest(person), perk: Simulation.perks[perk].slug, venue: Simulation.places[place].slug,
                    share: link.flatMap { name(of: $0, index) })
                let (backend, at) = (palms.backend, play.steps[index].at)
                let key = try #require(IdempotencyKey("redemption-\(index)"))
                group.addTask {
                    do {
                        return (index, try await backend.redeem(draft, key: key, as: owner, at: at).answer.id, nil)
                    } catch let error as PerksError {
                        return (index, nil, error.code.rawValue)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (index, id, code) in outcomes {
            compare(code, with: play.steps[index])
            if case .redeem(_, _, _, _, let becomes?) = play.steps[index].act { redemptions[becomes] = id }
        }
    }

    /// One of the forms in which a link may be named.
    private func name(of link: Int, _ turn: Int) -> String? {
        guard let share = shares[link] else { return nil }
        return [share.id.description, share.token, share.url][turn % 3]
    }

    func reverse(_ steps: ArraySlice<Simulation.Step>) async throws {
        let wishes = steps.compactMap { step -> (ID<Redemption>, Timestamp)? in
            guard case .reverse(let index) = step.act else { return nil }
            return redemptions[index].map { ($0, step.at) }
        }
        _ = try await together(steps, wishes) { wish, owner, connection in
            try Redemption.reverse(wish.0, .init(reason: "simulated"), as: owner, at: wish.1, in: connection).id
        }
    }
}
