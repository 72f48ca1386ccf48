/// What is known of a guest at a moment and a place; a nil member is not known, an empty list is known to be empty.
package struct Facts: Sendable {
    /// The moment, in microseconds since the epoch.
    package var now: Int64
    /// The venue's date and minute at that moment.
    package var local: Local?
    package var birthDate: LocalDate?
    @Caseless package var country: String?
    @Caseless package var region: String?
    @Caseless package var city: String?
    @Caseless package var gender: String?
    @Caseless package var language: String?
    package var reach: Int?
    /// Newest first; empty is not known.
    package var scores: [Score]
    /// Strength in hundredths by slug, as tagged.
    package var topics: [String: Int]?
    /// Best strength in hundredths of the topics that are the slug or below it; `topics` stands in when it is nil.
    package var topicsBelow: [String: Int]?
    package var networks: [Network]?
    package var segments: Set<String>?
    package var redeemed: [Redemption]?

    /// Facts at a moment, in microseconds since the epoch; whatever is left out is not known.
    package init(
        now: Int64,
        local: Local? = nil,
        birthDate: LocalDate? = nil,
        country: String? = nil,
        region: String? = nil,
        city: String? = nil,
        gender: String? = nil,
        language: String? = nil,
        reach: Int? = nil,
        scores: [Score] = [],
        topics: [String: Int]? = nil,
        topicsBelow: [String: Int]? = nil,
        networks: [Network]? = nil,
        segments: Set<String>? = nil,
        redeemed: [Redemption]? = nil
    ) {
        self.now = now
        self.local = local
        self.birthDate = birthDate
        self.country = country
        self.region = region
        self.city = city
        self.gender = gender
        self.language = language
        self.reach = reach
        self.scores = scores
        self.topics = topics
        self.topicsBelow = topicsBelow
        self.networks = networks
        self.segments = segments
        self.redeemed = redeemed
    }

    /// The moment so many days of 86,400 seconds ago, in microseconds since the epoch.
    func moment(daysAgo days: Int) -> Int64 {
        let (span, tooLong) = Int64(days).multipliedReportingOverflow(by: 86_400_000_000)
        let (moment, tooEarly) = now.subtractingReportingOverflow(span)
        return tooLong || tooEarly ? .min : moment
    }

    /// The best strength of each topic and of everything above it.
    ///
    /// `ancestors` may name all ancestors of a topic or only its parents; a loop in them does no harm.
    package static func rollUp(topics: [String: Int], ancestors: [String: [String]]) -> [String: Int] {
        var best: [String: Int] = [:]
        for (topic, strength) in topics {
            var seen: Set<String> = [topic]
            var waiting = [topic]
            while let slug = waiting.popLast() {
                best[slug] = max(best[slug] ?? strength, strength)
                waiting += (ancestors[slug] ?? []).filter { seen.insert($0).inserted }
            }
        }
        return best
    }
}

extension Facts {
    /// The venue's calendar at the moment that counts.
    package struct Local: Hashable, Sendable {
        package let date: LocalDate
        package let weekday: Weekday
        /// Minutes since midnight, 0 to 1439.
        package let minute: Int

        /// A minute of a day; the weekday is the date's.
        package init(date: LocalDate, minute: Int) {
            self.date = date
            self.weekday = date.weekday
            self.minute = minute
        }
    }

    /// One score of a guest.
    package struct Score: Hashable, Sendable {
        package var hundredths: Int
        package var model: String
        /// Microseconds since the epoch.
        package var measuredAt: Int64

        /// A score in hundredths, by a model, at a moment in microseconds since the epoch.
        package init(hundredths: Int, model: String, measuredAt: Int64) {
            self.hundredths = hundredths
            self.model = model
            self.measuredAt = measuredAt
        }
    }

    /// A network on which the guest has a handle.
    package struct Network: Hashable, Sendable {
        /// In lower case.
        package let name: String
        package let verified: Bool

        /// A network by name, in any case.
        package init(name: String, verified: Bool) {
            self.name = name.lowercased()
            self.verified = verified
        }
    }

    /// A redemption of the guest's that still counts.
    package struct Redemption: Hashable, Sendable {
        /// The names the perk answers to: its slug and its identifier.
        package var perk: [String]
        /// The names the campaign answers to.
        package var campaign: [String]
        /// Microseconds since the epoch.
        package var at: Int64

        /// A redemption of a perk of a campaign, at a moment in microseconds since the epoch.
        package init(perk: [String], campaign: [String], at: Int64) {
            self.perk = perk
            self.campaign = campaign
            self.at = at
        }
    }
}
