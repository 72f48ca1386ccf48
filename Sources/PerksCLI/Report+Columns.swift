import Foundation
import Perks

extension Report.PerkLine: Tabular {
    static var columns: [Column<Report.PerkLine>] {
        [
            Column("perk") { .text($0.perk.slug) },
            Column("qualified") { .number($0.qualified) },
            Column("redeemed") { .number($0.redeemed) },
            Column("reversed") { .number($0.reversed) },
            Column("refused") { .number($0.refused.values.reduce(0, +)) },
            Column("cost") { .number($0.cost) },
            Column("stock") { .number($0.stock) },
            Column("remaining") { .number($0.remaining) },
            Column("shares") { .number($0.shares) },
            Column("clicks") { .number($0.clicksGross) },
            Column("net") { .number($0.clicksNet) },
            Column("conversions") { .credit($0.conversionCredit) },
        ]
    }
}

extension Report.Day: Tabular {
    static var columns: [Column<Report.Day>] {
        [Column("date") { .text("\($0.date)") }] + counts + [Column("conversions") { .number($0.conversions) }]
    }

    /// Whether anything happened.
    var isBusy: Bool {
        [checkIns, redeemed, reversed, refused, shares, clicksGross, conversions].contains { $0 > 0 }
    }
}

extension Report.Line: Tabular {
    static var columns: [Column<Report.Line>] {
        [Column("name") { .text($0.name ?? "not known") }] + counts
            + [Column("conversions") { .credit($0.conversionCredit) }]
    }
}

extension Report.Cohort: Tabular {
    static var columns: [Column<Report.Cohort>] {
        [
            Column("week_of") { .text("\($0.week)") },
            Column("guests") { .number($0.guests) },
            Column("shares") { .number($0.shares) },
            Column("conversions") { .amount("\($0.conversions)") },
            Column("invitations_per_guest") { .amount("\($0.invitationsPerGuest)") },
            Column("conversions_per_invitation") { .amount($0.conversionsPerInvitation?.description ?? "–") },
            Column("k_factor") { .amount("\($0.kFactor)") },
            Column("cycle_days") { .amount($0.cycleDays?.description ?? "–") },
        ]
    }
}

extension Report.Sharer: Tabular {
    static var columns: [Column<Report.Sharer>] {
        [
            Column("sharer") { .text($0.sharer) },
            Column("shares") { .number($0.shares) },
            Column("net_clicks") { .number($0.clicksNet) },
            Column("conversions") { .credit($0.conversionCredit) },
        ]
    }
}

extension Cell {
    /// Basis points of a conversion, as conversions.
    fileprivate static func credit(_ basisPoints: Int) -> Cell {
        .amount("\(Decimal(basisPoints) / Decimal(Attribution.whole))")
    }
}

extension ReportCounts {
    /// What every line of a report counts, from check-ins to net clicks.
    fileprivate static var counts: [Column<Self>] {
        [
            Column("check_ins") { .number($0.checkIns) },
            Column("qualified") { .number($0.qualified) },
            Column("redeemed") { .number($0.redeemed) },
            Column("reversed") { .number($0.reversed) },
            Column("refused") { .number($0.refused) },
            Column("cost") { .number($0.cost) },
            Column("shares") { .number($0.shares) },
            Column("clicks") { .number($0.clicksGross) },
            Column("net") { .number($0.clicksNet) },
        ]
    }
}
