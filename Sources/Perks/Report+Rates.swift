import Foundation

extension Report {
    static let formulas = [
        "qualification": "qualified / check_ins",
        "redemption": "redeemed / qualified",
        "reversal": "reversed / (redeemed + reversed)",
        "cost_per_redemption": "cost / redeemed, in minor units",
        "sharing": "guests_shared / guests_checked_in",
        "net_clicks": "clicks_net / clicks_gross",
        "clicks_per_share": "clicks_net / shares",
        "conversion": "conversions / clicks_net",
        "disclosure": "posts_disclosed / posts",
        "cost_per_net_click": "cost / clicks_net, in minor units",
        "cost_per_conversion": "cost / conversions, in minor units",
        "invitations_per_guest": "a cohort's shares / guests",
        "conversions_per_invitation": "a cohort's conversions / shares",
        "k_factor": "a cohort's conversions / guests = invitations_per_guest * conversions_per_invitation",
        "cycle_days": "mean days of 86,400 s from a guest's first redemption to a conversion, weighted by credit",
    ]
}

extension Report.Totals {
    /// Each to four decimals; nil where there is nothing to divide by.
    var rates: [String: Decimal?] {
        [
            "qualification": Decimal(qualified, over: checkIns),
            "redemption": Decimal(redeemed, over: qualified),
            "reversal": Decimal(reversed, over: redeemed + reversed),
            "cost_per_redemption": Decimal(cost, over: redeemed),
            "sharing": Decimal(guestsShared, over: guestsCheckedIn),
            "net_clicks": Decimal(clicksNet, over: clicksGross),
            "clicks_per_share": Decimal(clicksNet, over: shares),
            "conversion": Decimal(conversions, over: clicksNet),
            "disclosure": Decimal(postsDisclosed, over: posts),
            "cost_per_net_click": Decimal(cost, over: clicksNet),
            "cost_per_conversion": Decimal(cost, over: conversions),
        ]
    }
}

extension Decimal {
    /// A ratio, rounded half up; nil when there is nothing to divide by.
    init?(_ numerator: Int, over denominator: Int, decimals: Int = 4) {
        guard denominator > 0 else { return nil }
        var (exact, rounded) = (Decimal(numerator) / Decimal(denominator), Decimal())
        NSDecimalRound(&rounded, &exact, decimals, .plain)
        self = rounded
    }
}
