import Eligibility
import Perks
import Postgres

extension Simulation {
    /// One thing that is done, and what must come of it.
    struct Step {
        let at: Timestamp
        let act: Act
        /// The code that it is refused with; empty where the definitions leave the code open.
        var refusal: String?
        /// Whether what is done at the same time would matter.
        var isAlone = false
    }

    /// What is done; people, places, perks and what comes of it are named by their places in the lists above.
    enum Act {
        case `import`(Range<Int>)
        case measure([(Int, Score)])
        case checkIn(Int)
        case redeem(_ person: Int?, _ perk: Int, _ place: Int, _ link: Int?, becomes: Int?)
        case reverse(Int)
        case share(_ person: Int?, _ campaign: Int, _ place: Int?, _ browser: Int?, becomes: Int?)
        case post(Int, _ given: Timestamp?, _ brand: Int)
        case click(Int, Disguise)
        case convert(Wish, _ brand: Int, becomes: Int?)
        case reverseConversion(Int, _ brand: Int)
        case join(_ absorbed: Int, _ survivor: Int)
        case leaveOut(Int)
        case erase(Int)
    }

    private static let hour: Int64 = 3_600_000_000

    /// Writes the whole play, six hours of UTC at a time.
    ///
    /// Of each six hours first what happens at the desks is done, then the clicks, then what comes of them: so that what may
    /// be done together stands together. Everything has its own time within the six hours all the same.
    mutating func write(days: Int) {
        for (number, at) in Self.imports.enumerated() {
            let share = people.count / Self.imports.count
            steps.append(Step(at: at, act: .import(number * share..<(number + 1) * share)))
        }
        let first = moment("2026-10-08T00:00:00Z")
        for quarter in 0..<days * 4 {
            let start = first.later(by: Int64(quarter) * 6 * Self.hour)
            switch quarter {
            case 81:
                measureAgain(
                    at: start, from: Self.begin.later(by: -86_400_000_000),
                    edges: [Self.begin, Self.begin.later(by: -1)])
            case 100: wander(from: start)
            case 181:
                measureAgain(
                    at: start, from: moment("2026-10-28T00:00:00Z"), edges: [Self.end, Self.end.later(by: -1)])
            default: break
            }
            workAtDesks(quarter, from: start)
            follow(from: start, to: start.later(by: 6 * Self.hour), openings: 48)
            tell(from: start.later(by: 5 * Self.hour))
        }
        part(at: first.later(by: Int64(days) * 24 * Self.hour))
    }

    /// What happens at the desks, one kind of it after the other, and in another order every day: so that each of them
    /// happens on both sides of each midnight.
    private mutating func workAtDesks(_ quarter: Int, from start: Timestamp) {
        let slot = 6 * Self.hour / 4
        for number in 0..<4 {
            func times(_ count: Int) -> [Timestamp] {
                (0..<count).map { _ in
                    start.later(by: Int64(number) * slot + Int64.random(in: 0..<slot, using: &chance))
                }.sorted()
            }
            switch (number + quarter / 4) % 4 {
            case 0: for at in times(32) { checkIn(at: at, in: [0, 0, 0, 1, 1, 1, 2, 2, 3]) }
            case 1: for at in times(22) { redeem(at: at) }
            case 2: for at in times(quarter < 170 ? 16 : 4) { share(at: at) }
            default: for at in times(2) { reverse(at: at) }
            }
        }
    }

    private mutating func tell(from start: Timestamp) {
        func times(_ begin: Int64, _ count: Int) -> [Timestamp] {
            (0..<count).map { _ in start.later(by: begin + Int64.random(in: 0..<Self.hour / 3, using: &chance)) }
                .sorted()
        }
        for at in times(0, 10) { report(at: at) }
        for at in times(Self.hour / 3, 4) { post(at: at) }
        for at in times(Self.hour / 3 * 2, 1) { reverseConversion(at: at) }
    }

    // MARK: People who turn out to be one, leave, or are forgotten

    private mutating func part(at now: Timestamp) {
        var sharers = Array(Set(shares.filter { $0.campaign == Self.campaign }.map(\.person))).sorted()
        sharers.shuffle(using: &chance)
        for _ in 0..<12 {
            guard let survivor = sharers.popLast(), let absorbed = sharers.popLast() else { break }
            let twins = people[survivor].scores.contains { score in
                people[absorbed].scores.contains { ($0.at, $0.recorded) == (score.at, score.recorded) }
            }
            // Of two scores of one moment and import either may count.
            if !twins { join(absorbed, to: survivor, at: now) }
        }
        // Then every third of those who have led the most to convert leaves or is forgotten, in turn.
        let touches = conversions.filter { $0.campaign == Self.campaign && !$0.isReversed }.flatMap(\.touches)
        let renown = Dictionary(touches.map { (known(shares[$0.share].person), 1) }, uniquingKeysWith: +)
        sharers = sharers.sorted { (renown[$0] ?? 0, $0) > (renown[$1] ?? 0, $1) }
        for (rank, person) in sharers.prefix(90).enumerated() where rank % 3 == 0 {
            if rank % 2 == 0 { leaveOut(person, at: now) } else { erase(person, at: now) }
        }
    }

    private mutating func leaveOut(_ person: Int, at now: Timestamp) {
        people[person].hasOptedOut = true
        steps.append(Step(at: now, act: .leaveOut(person)))
    }

    private mutating func erase(_ person: Int, at now: Timestamp) {
        (people[person].identities, people[person].scores, people[person].strengths) = ([], [], [:])
        steps.append(Step(at: now, act: .erase(person)))
    }

    private mutating func join(_ absorbed: Int, to survivor: Int, at now: Timestamp) {
        survivors[absorbed] = survivor
        let other = people[absorbed]
        people[survivor].identities += other.identities
        people[survivor].displayName = people[survivor].displayName ?? other.displayName
        people[survivor].strengths.merge(other.strengths) { max($0, $1) }
        for score in other.scores {
            let same = people[survivor].scores.firstIndex { $0.at == score.at && $0.model == score.model }
            if let same {
                if people[survivor].scores[same].recorded < score.recorded { people[survivor].scores[same] = score }
            } else {
                people[survivor].scores.append(score)
            }
        }
        steps.append(Step(at: now, act: .join(absorbed, survivor)))
    }
}
