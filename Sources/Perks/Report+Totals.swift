extension Report {
    /// Counts of events, unless named `guests_…`.
    package struct Totals: Codable, Sendable {
        package var checkIns = 0
        package var guestsCheckedIn = 0
        package var qualified = 0
        package var guestsQualified = 0
        /// Those that were taken back are not among them.
        package var redeemed = 0
        package var guestsRedeemed = 0
        package var reversed = 0
        /// Attempts to redeem, by the code of their refusal.
        package var refused: [String: Int] = [:]
        /// Of what is redeemed, in minor units.
        package var cost = 0
        /// Links that were made.
        package var shares = 0
        package var guestsShared = 0
        package var posts = 0
        package var postsDisclosed = 0
        /// How many might have seen the posts, where that is known.
        package var potentialImpressions = 0
        /// How many did see them, where that is known.
        package var reach = 0
        package var clicksGross = 0
        /// Those of people: neither programs nor the sharer, nobody in a hurry, nobody twice.
        package var clicksNet = 0
        package var clicksBy = Clicks()
        /// Those with a touch in the window that were not taken back.
        package var conversions = 0
        package var conversionsUnattributed = 0
        package var conversionsReversed = 0

        private enum CodingKeys: String, CodingKey {
            case qualified, redeemed, reversed, refused, cost, shares, posts, reach, conversions
            case checkIns = "check_ins"
            case guestsCheckedIn = "guests_checked_in"
            case guestsQualified = "guests_qualified"
            case guestsRedeemed = "guests_redeemed"
            case guestsShared = "guests_shared"
            case postsDisclosed = "posts_disclosed"
            case potentialImpressions = "potential_impressions"
            case clicksGross = "clicks_gross"
            case clicksNet = "clicks_net"
            case clicksBy = "clicks_by"
            case conversionsUnattributed = "conversions_unattributed"
            case conversionsReversed = "conversions_reversed"
        }
    }

    /// Clicks by what they were taken for.
    package struct Clicks: Codable, Sendable {
        package var human = 0
        package var bot = 0
        package var duplicate = 0
        package var tooFast = 0
        /// The sharer's own.
        package var own = 0

        private enum CodingKeys: String, CodingKey {
            case human, bot, duplicate
            case tooFast = "too_fast"
            case own = "self"
        }
    }
}
