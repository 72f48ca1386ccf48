import Synchronization

/// A client with guests of its own, who asks for perks, changes its mind, and repeats itself.
struct Customer: Sendable {
    private let number: Int
    private let stage: Stage
    private var chance: Chance
    private let perks: [String]
    private var keys = 0
    private var guests = 0
    /// What it may send again much later.
    private var earlier: [Request] = []
    /// What it may take back.
    private var redeemed: [(request: Request, id: String)] = []

    init(_ number: Int, of stage: Stage, chance: Chance) {
        self.number = number
        self.stage = stage
        self.chance = chance
        perks = stage.perks.flatMap { perk in (0..<perk.weight).map { _ in perk.slug } }
    }

    /// Comes to the desk again and again until it is over.
    mutating func run(until isOver: @Sendable () -> Bool) async throws {
        while !isOver() {
            try await visit()
            try await Task.sleep(for: chance.pause(0...100))
        }
    }

    private mutating func visit() async throws {
        let guest = nextGuest()
        let perk = chance.pick(perks) ?? "uncapped"
        switch chance.below(100) {
        case 0..<40: try await redeem(guest, perk, hold: nil)
        case 40..<65 where stage.hasHolds:
            guard let hold = try await hold(guest, perk) else { return }
            try await redeem(guest, perk, hold: hold)
        case 65..<75 where stage.hasHolds:
            guard try await hold(guest, perk) != nil else { return }
            try await redeem(guest, perk, hold: nil)
        case 75..<84 where stage.hasHolds:
            guard let hold = try await hold(guest, perk) else { return }
            try await perform(request(.release, guest, perk, hold))
        case 84..<88 where stage.hasHolds: _ = try await hold(guest, perk)
        case 88..<94: try await race(guest, perk)
        default: try await repeatEarlier()
        }
        if chance.happens(35) { try await takeBack() }
    }

    private mutating func hold(_ guest: String, _ perk: String) async throws -> String? {
        try await perform(request(.hold, guest, perk))?.answer?.text("id")
    }

    private mutating func redeem(_ guest: String, _ perk: String, hold: String?) async throws {
        let request = request(.redemption, guest, perk, hold)
        note(try await perform(request), of: request)
    }

    /// One guest asks twice at once, with keys of their own.
    private mutating func race(_ guest: String, _ perk: String) async throws {
        let (one, other) = (request(.redemption, guest, perk), request(.redemption, guest, perk))
        let stage = stage
        async let first = stage.attempt(one)
        async let second = stage.attempt(other)
        note(await first, of: one)
        note(await second, of: other)
    }

    /// Takes one of the last redemptions back, now and then twice at once.
    private mutating func takeBack() async throws {
        guard let index = redeemed.indices.randomElement(using: &chance) else { return }
        let (request, id) = redeemed.remove(at: index)
        let one = self.request(.reversal, request.guest, request.perk, id)
        guard chance.happens(20) else {
            try await perform(one)
            return
        }
        let other = self.request(.reversal, request.guest, request.perk, id)
        let stage = stage
        async let first = stage.attempt(one)
        async let second = stage.attempt(other)
        _ = await (first, second)
    }

    private mutating func repeatEarlier() async throws {
        guard let request = chance.pick(earlier) else { return }
        note(await stage.attempt(request), of: nil)
    }

    /// Sends a request, perhaps twice at once, and perhaps again when it is not known what became of it.
    @discardableResult
    private mutating func perform(_ request: Request) async throws -> Outcome? {
        earlier.append(request)
        if earlier.count > 50 { earlier.removeFirst() }
        var outcome: Outcome
        if chance.happens(20) {
            let stage = stage
            async let first = stage.attempt(request)
            async let second = stage.attempt(request)
            let both = await [first, second]
            outcome = both.first { $0.answer != nil } ?? both.first(where: \.isUnknown) ?? both[0]
        } else {
            outcome = await stage.attempt(request)
        }
        var patience = chance.below(6)
        while outcome.isUnknown, patience > 0 {
            patience -= 1
            try await Task.sleep(for: chance.pause(10...300))
            outcome = await stage.attempt(request)
        }
        return outcome
    }

    private mutating func note(_ outcome: Outcome?, of request: Request?) {
        guard let request, let id = outcome?.answer?.text("id") else { return }
        redeemed.append((request, id))
        if redeemed.count > 20 { redeemed.removeFirst() }
    }

    /// Mostly somebody new, now and then somebody who was here before.
    private mutating func nextGuest() -> String {
        if guests > 0, chance.happens(25) { return Stage.guest(chance.below(min(guests, stage.guests)), of: number) }
        guests += 1
        return Stage.guest((guests - 1) % stage.guests, of: number)
    }

    private mutating func request(
        _ kind: Request.Kind, _ guest: String, _ perk: String, _ unit: String? = nil
    ) -> Request {
        keys += 1
        return Request(kind: kind, key: "c\(number)-\(keys)-\(kind.rawValue)", guest: guest, perk: perk, unit: unit)
    }
}

extension Stage {
    /// Sends a request once and keeps what came of it.
    func attempt(_ request: Request) async -> Outcome {
        let index = history.invoke(request)
        let outcome = await server.send(request)
        history.complete(request, index, outcome)
        return outcome
    }
}
