extension Report: Described {
    package static let schemaName = "Report"
    package static let schema = JSONSchema.object(
        [
            .required("campaign", .slug), .required("from", .date), .required("to", .date, "Inclusive."),
            .required("time_zone", .timeZone), .required("attribution", Method.schema),
            .required("totals", Totals.schema),
            .required("rates", .map(of: .nullable(.anything)), "Null where the denominator is 0."),
            .required("formulas", .map(of: .string())),
            .required("perks", .array(of: PerkLine.schema, 0...10_000)),
            .required("days", .array(of: Day.schema, 0...longestRange)),
            .required("weeks", .array(of: Day.schema, 0...longestRange), "The same; date is the Monday (ISO 8601)."),
            .required("months", .array(of: Day.schema, 0...longestRange), "The same; date is the first of the month."),
        ] + lines + [
            .required("cohorts", .array(of: Cohort.schema, 0...longestRange), "Closed ones only."),
            .required("scores", Scores.schema),
            .required("top_sharers", .array(of: Sharer.schema, 0...Sharer.most), "The best first."),
        ])

    /// The dimensions, each a partition of the totals.
    private static let lines: [JSONSchema.Property] = [
        .required("venues", .array(of: Line.schema, 0...10_000)),
        .required("networks", .array(of: Line.schema, 0...10_000)),
        .required("topics", .array(of: Line.schema, 0...Line.mostTopics + 2), "The rest in one line, (other)."),
        .required("score_bands", .array(of: Line.schema), "By the score in force at the end of the range."),
    ]

    fileprivate static let count = JSONSchema.integer(0...Int.max)
    fileprivate static let decimal = JSONSchema.number(0...1e15)
    fileprivate static let refused = JSONSchema.Property.required(
        "refused", .map(of: count), "Attempts to redeem, by code.")
    fileprivate static let credit = JSONSchema.Property.required(
        "conversion_credit", count, "In basis points: 10,000 a conversion.")
    fileprivate static let clicks: [JSONSchema.Property] = [
        .required("clicks_gross", count), .required("clicks_net", count, "Those of kind human."),
    ]

    /// Members that count.
    fileprivate static func counts(_ names: String...) -> [JSONSchema.Property] {
        names.map { .required($0, count) }
    }
}

extension Report.Method {
    static let schema = JSONSchema.object([
        .required("model", .word(Attribution.allCases.map(\.rawValue))),
        .required("window_days", .integer(Report.Question.windows)),
        .required("window", .string()),
    ])
}

extension Report.Totals {
    static let schema = JSONSchema.object(
        Report.counts(
            "check_ins", "guests_checked_in", "qualified", "guests_qualified", "redeemed", "guests_redeemed",
            "reversed",
            "cost", "shares", "guests_shared", "posts", "posts_disclosed", "potential_impressions", "reach")
            + [Report.refused] + Report.clicks + [
                .required("clicks_by", .object(Report.counts("human", "bot", "duplicate", "too_fast", "self"))),
                .required("conversions", Report.count, "With a touch in the window."),
                .required("conversions_unattributed", Report.count, "Without one."),
                .required("conversions_reversed", Report.count),
            ])
}

extension Report.PerkLine {
    static let schema = JSONSchema.object(
        [.required("perk", PerkSummary.schema)] + Report.counts("qualified", "redeemed", "reversed", "cost", "shares")
            + [Report.refused, .optional("stock", Report.count), .optional("remaining", Report.count)]
            + Report.clicks + [Report.credit])
}

extension Report.Day {
    static let schema = JSONSchema.object(
        [.required("date", .date)]
            + Report.counts(
                "check_ins", "qualified", "redeemed", "reversed", "refused", "cost", "shares", "conversions")
            + Report.clicks)
}

extension Report.Line {
    static let schema = JSONSchema.object(
        [.required("name", .nullable(.string(1...200)), "Null for what is not known.")]
            + Report.counts("check_ins", "qualified", "redeemed", "reversed", "refused", "cost", "shares")
            + Report.clicks + [Report.credit])
}

extension Report.Cohort {
    static let schema = JSONSchema.object(
        [.required("week", .date, "The Monday.")] + Report.counts("guests", "shares") + [
            .required("conversions", Report.decimal),
            .required("invitations_per_guest", Report.decimal),
            .required("conversions_per_invitation", .nullable(Report.decimal)),
            .required("k_factor", Report.decimal),
            .required("cycle_days", .nullable(Report.decimal)),
        ])
}

extension Report.Scores {
    static let schema = JSONSchema.object([
        .required("participants", Group.schema, "Guests with a standing redemption."),
        .required("qualified_only", Group.schema, "Guests who qualified and did not redeem."),
        .required("models", .array(of: .string(), 0...10_000)),
        .required("comparable", .boolean, "Whether at most one model measured them."),
    ])
}

extension Report.Scores.Group {
    fileprivate static let schema = JSONSchema.object(
        [.required("guests", Report.count)] + ["before", "during", "after"].map { .required($0, average) })

    private static let average = JSONSchema.object([
        .required("guests", Report.count, "Those who have a score."), .required("average", .nullable(.number(1...100))),
    ])
}

extension Report.Sharer {
    static let schema = JSONSchema.object([
        .required("sharer", .string()),
        .optional("guest", .id(of: Guest.self), "Left out where you may not read them."),
        .required("shares", Report.count), .required("clicks_net", Report.count), Report.credit,
    ])
}
