import Perks
import Postgres

/// What comes of clicks and links, and who is credited with it.
extension Simulation {
    /// Why somebody may not be led by a sharer; nil when nothing speaks against it.
    func objection(to sharer: Int, leading person: Int, in campaign: Int) -> String? {
        if sharer == person { return "self_referral" }
        return hasLed(person, sharer, in: campaign) ? "referral_loop" : nil
    }

    /// Whether somebody has, step by step, led another one to convert.
    func hasLed(_ leader: Int, _ follower: Int, in campaign: Int) -> Bool {
        guard links[leader] != nil else { return false }
        var (seen, open): (Set<Int>, [Int]) = ([follower], [follower])
        while let person = open.popLast() {
            for conversion in (converted[person] ?? []).map({ conversions[$0] })
            where conversion.campaign == campaign && !conversion.isReversed {
                for touch in conversion.touches where seen.insert(shares[touch.share].person).inserted {
                    open.append(shares[touch.share].person)
                }
            }
        }
        return leader != follower && seen.contains(leader)
    }

    /// Notes a conversion; answers which it is.
    mutating func convert(_ conversion: Conversion) -> Int {
        conversions.append(conversion)
        if let person = conversion.person { converted[person, default: []].append(conversions.count - 1) }
        if let order = conversion.order { orders.insert("\(conversion.campaign) \(order)") }
        return conversions.count - 1
    }

    /// What a till reports.
    struct Wish {
        var click: Int?
        var earlier: [Int] = []
        var share: Int?
        var person: Int?
        var order: String?
        /// When it happened, if not just now.
        var at: Timestamp?
    }

    /// A till reports what came of a click or of a link.
    mutating func report(at now: Timestamp) {
        var wish = Wish()
        if let wanderer = clicks.last, wanderer.browser == Self.wanderer {
            report(Wish(click: clicks.count - 1), at: now)
            return
        }
        let past = clicks.indices.suffix(chance.pick([400, 400, 4000, 16_000])).filter { clicks[$0].at < now }
        if chance.number(0...9) == 0 {
            wish.share = shares.indices.suffix(300).filter { shares[$0].at < now }.randomElement(using: &chance)
        } else {
            // Mostly somebody who was counted; sometimes whoever it is.
            let counted = past.filter { clicks[$0].kind == .human }
            wish.click = (chance.number(0...9) > 2 ? counted : past).randomElement(using: &chance)
        }
        if chance.number(0...1) == 0 { wish.person = chance.number(0...(chance.flip() ? 2500 : people.count - 1)) }
        if chance.number(0...19) == 0 { wish.person = sharer(of: wish) }
        switch chance.number(0...9) {
        case 0: wish.order = "order-\(chance.number(0...200))"
        case 1...5: wish.order = "till-\(steps.count)"
        default: break
        }
        if let click = wish.click { (wish.at, wish.earlier) = (late(after: click, now), earlier(than: click)) }
        report(wish, at: now)
    }

    private func sharer(of wish: Wish) -> Int? {
        (wish.share ?? wish.click.map { clicks[$0].share }).map { shares[$0].person }
    }

    /// A time in the past at which it may have happened: often at the very edge of a window.
    private mutating func late(after click: Int, _ now: Timestamp) -> Timestamp? {
        let at = clicks[click].at
        let edge = at.later(by: Int64(chance.pick([1, 7, 30])) * 86_400_000_000 + Int64(chance.number(-1...1)))
        return switch chance.number(0...9) {
        case 0...2: edge <= now ? edge : nil
        case 3: at
        case 4: at.later(by: Int64.random(in: 0...(now.microseconds - at.microseconds), using: &chance))
        default: nil
        }
    }

    /// Other clicks that the visitor's browser remembers.
    private mutating func earlier(than click: Int) -> [Int] {
        guard chance.flip() else { return [] }
        return (clicksOfBrowser[clicks[click].browser] ?? []).filter { $0 != click && clicks[$0].at < clicks[click].at }
            .suffix(5).filter { _ in chance.number(0...9) < 7 }
    }

    private mutating func report(_ wish: Wish, at now: Timestamp) {
        var wish = wish
        guard let named = wish.share ?? wish.click.map({ clicks[$0].share }) else { return }
        let campaign = shares[named].campaign
        let at = wish.at ?? now
        var refusal = wish.person.flatMap { objection(to: shares[named].person, leading: $0, in: campaign) }
        if let click = wish.click, clicks[click].kind == .own { refusal = "self_referral" }
        // Of two reasons against it either may be told.
        if refusal != nil { wish.order = nil }
        if let order = wish.order, isTaken(order, in: campaign) { refusal = "already_converted" }
        if let refusal {
            steps.append(
                Step(at: now, act: .convert(wish, brand(of: campaign), becomes: nil), refusal: refusal, isAlone: true))
            return
        }
        let touches = wish.click.map { self.touches($0, wish, at, campaign) } ?? [Touch(share: named, at: at)]
        let index = convert(
            Conversion(
                at: at, campaign: campaign, person: wish.person, order: wish.order, redemption: nil, touches: touches))
        steps.append(Step(at: now, act: .convert(wish, brand(of: campaign), becomes: index)))
    }

    private func isTaken(_ order: String, in campaign: Int) -> Bool {
        orders.contains("\(campaign) \(order)")
            && conversions.contains { $0.campaign == campaign && $0.order == order && !$0.isReversed }
    }

    func brand(of campaign: Int) -> Int { Self.campaigns[campaign].brand }

    /// The touches of a conversion that names a click, oldest first.
    private func touches(_ named: Int, _ wish: Wish, _ at: Timestamp, _ campaign: Int) -> [Touch] {
        let name = clicks[named]
        func isCounted(_ click: Int) -> Bool {
            clicks[click].kind == .human && shares[clicks[click].share].campaign == campaign
        }
        let sameDay = (clicksOfBrowser[name.browser] ?? []).filter {
            isCounted($0) && clicks[$0].day == name.day && clicks[$0].at <= at
        }
        var all = Set(sameDay)
        let stands = name.kind == .duplicate && !sameDay.contains { clicks[$0].share == name.share }
        if name.kind == .human || stands { all.insert(named) }
        all.formUnion(wish.earlier.filter(isCounted))
        let allowed = all.filter { click in
            guard click != named, let person = wish.person else { return true }
            return objection(to: shares[clicks[click].share].person, leading: person, in: campaign) == nil
        }
        // Clicks are numbered as they come.
        return allowed.sorted { (clicks[$0].at, $0) < (clicks[$1].at, $1) }.suffix(100)
            .map { Touch(share: clicks[$0].share, at: clicks[$0].at) }
    }

    /// What a till reported is taken back.
    mutating func reverseConversion(at now: Timestamp) {
        let posted = conversions.indices.suffix(200).filter { conversions[$0].redemption == nil }
        guard let index = posted.randomElement(using: &chance) else { return }
        let wasReversed = conversions[index].isReversed
        conversions[index].isReversed = true
        steps.append(
            Step(
                at: now, act: .reverseConversion(index, brand(of: conversions[index].campaign)),
                refusal: wasReversed ? "already_reversed" : nil, isAlone: wasReversed))
    }
}
