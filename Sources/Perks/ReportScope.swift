import Eligibility
import Foundation
import Postgres

/// What a report is about: a campaign, days of its brand, and how conversions are credited.
struct ReportScope {
    let brand: Brand
    let campaign: Campaign
    let from: LocalDate
    /// Inclusive.
    let to: LocalDate
    let attribution: Attribution
    let windowDays: Int
    /// The first moment of each day, and of the day after the last; computed here, so that zones are read in one place.
    let boundaries: [Timestamp]

    /// Settles what a question leaves open; throws `invalid_request` for a range or a window that cannot be.
    init(
        _ brand: Brand, _ campaign: Campaign, _ question: Report.Question, at now: Timestamp,
        in connection: isolated Connection
    ) throws {
        let created: Timestamp = try connection.query(
            "select created_at from campaign where brand_id = \(brand.id) and id = \(campaign.id)")[0]["created_at"]
        let to = question.to ?? brand.zone.local(now).date
        // What was done before a campaign was made is nothing; a start in the future is no reason for an empty range.
        let from = question.from ?? min(to, brand.zone.local(created).date)
        guard from <= to, to.daysSinceEpoch - from.daysSinceEpoch < Report.longestRange else {
            throw PerksError.invalid(
                "from", "out_of_range", "from must not be after to, nor more than ten years before it.")
        }
        guard Report.Question.windows.contains(question.windowDays) else {
            throw PerksError.invalid("window_days", "out_of_range", "window_days must be from 1 to 365.")
        }
        (self.brand, self.campaign, self.from, self.to) = (brand, campaign, from, to)
        (attribution, windowDays) = (question.attribution, question.windowDays)
        boundaries = (from.daysSinceEpoch...to.daysSinceEpoch + 1).map {
            brand.zone.start(of: LocalDate(daysSinceEpoch: $0))
        }
    }

    /// The first moment.
    var first: Timestamp { boundaries[0] }
    /// The first moment after the last day.
    var end: Timestamp { boundaries[boundaries.count - 1] }
    /// Each day.
    var dates: [LocalDate] { (from.daysSinceEpoch...to.daysSinceEpoch).map(LocalDate.init(daysSinceEpoch:)) }

    /// How conversions are credited, for the answer.
    var method: Report.Method {
        let days = windowDays == 1 ? "1 day" : "\(windowDays) days"
        return Report.Method(
            model: attribution, windowDays: windowDays,
            window: "A touch counts up to \(days) of 86,400 s before the conversion, both ends included.")
    }
}

extension ReportScope {
    /// The condition that a moment lies in the range.
    func isInRange(_ moment: Query) -> Query {
        "\(fragment: moment) >= \(first) and \(fragment: moment) < \(end)"
    }

    /// How long a touch counts, as an interval.
    var window: Query { "make_interval(secs => \(Double(windowDays * 86_400)))" }

    /// The clicks of the range, as what follows `from`.
    ///
    /// A click's id begins with its millisecond, so that the primary key leads to the range.
    var clicks: Query {
        """
        click
        where brand_id = \(brand.id) and campaign_id = \(campaign.id) and id >= \(UUID.least(at: first))
            and id < \(UUID.least(at: end.adding(milliseconds: 1))) and \(fragment: isInRange("at"))
        """
    }

    /// What each touch in the window is credited with, of the conversions `c` that count and meet a condition.
    ///
    /// Columns: conversion_id, share_id, at (the conversion's), nth (of the touch, from 1), credit (in basis points).
    func credits(where condition: Query) -> Query {
        """
        select w.conversion_id, w.share_id, w.at, w.nth, touch_credit(\(attribution.rawValue), w.nth, w.touches) as credit
        from (
            select c.id as conversion_id, t.share_id, c.at,
                   row_number() over (partition by c.id order by t.position) as nth,
                   count(*) over (partition by c.id) as touches
            from conversion c
            join conversion_touch t on t.brand_id = c.brand_id and t.conversion_id = c.id
            where c.brand_id = \(brand.id) and c.campaign_id = \(campaign.id) and c.reversed_at is null
                and \(fragment: condition) and t.at between c.at - \(fragment: window) and c.at
        ) w
        """
    }
}

extension UUID {
    /// The least UUIDv7 of a moment's millisecond.
    fileprivate static func least(at moment: Timestamp) -> UUID {
        UUID(bits: UInt128(UInt64(max(0, moment.microseconds / 1000)) & 0xFFFF_FFFF_FFFF) << 80)
    }
}

extension Timestamp {
    fileprivate func adding(milliseconds: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds + milliseconds * 1000)
    }
}
