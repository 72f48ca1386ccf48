import Eligibility
import Foundation
import Postgres

extension RuleQuery {
    /// A leaf in SQL.
    struct Condition {
        /// What it needs beside the guest `g` and the brand's member `m`.
        ///
        /// A join rather than a subquery in the expression: PostgreSQL would run one that does not fit into its memory
        /// anew for every guest.
        var join: Query = ""
        /// True, false, or null where it is not known.
        let expression: Query
    }
}

extension RuleQuery {
    /// A text as `String.withoutCase` has it, in NFC: by Unicode's rules, whatever the database's own locale.
    static func withoutCase(_ text: Query) -> Query {
        "normalize(replace(lower(\(fragment: text) collate \"und-x-icu\"), 'ς', 'σ'))"
    }
}

extension RuleQuery.Context {
    /// One leaf; `alias` is the name of what it joins.
    func condition(_ leaf: Leaf, joinedAs alias: String) -> RuleQuery.Condition {
        switch leaf {
        case .score(let leaf): score(leaf, alias)
        case .topic(let leaf): isAmong(topic(leaf), alias)
        case .age(let leaf): RuleQuery.Condition(expression: age(leaf.bounds))
        case .attribute(let leaf): RuleQuery.Condition(expression: attribute(leaf))
        case .segment(let leaf): isAmong(segment(leaf), alias)
        case .network(let leaf): isAmong(network(leaf), alias)
        case .reach(let leaf): RuleQuery.Condition(expression: within(leaf.bounds, "g.reach"))
        case .redeemed(let leaf): redeemed(leaf, alias)
        case .localTime(let leaf):
            RuleQuery.Condition(expression: leaf.contains(local.weekday, local.minute) ? "true" : "false")
        }
    }

    /// Joins rows of which each guest has at most one.
    private func join(_ rows: Query, _ alias: String) -> Query {
        "\nleft join (\(fragment: rows)) \(identifier: alias) on \(identifier: alias).guest_id = g.guest_id"
    }

    /// Whether a guest is among some, each of whom is listed once.
    private func isAmong(_ listed: Query, _ alias: String) -> RuleQuery.Condition {
        RuleQuery.Condition(join: join(listed, alias), expression: "(\(identifier: alias).guest_id is not null)")
    }

    private func within(_ bounds: Bounds, _ value: Query) -> Query {
        switch (bounds.minimum, bounds.maximum) {
        case (let minimum?, let maximum?): "(\(fragment: value) between \(minimum) and \(maximum))"
        case (let minimum?, nil): "(\(fragment: value) >= \(minimum))"
        case (nil, let maximum?): "(\(fragment: value) <= \(maximum))"
        case (nil, nil): "(\(fragment: value) is not null or null)"
        }
    }

    private func moment(daysAgo days: Int) -> Timestamp {
        // PostgreSQL's timestamps begin in 4713 BC; a rule may look back further.
        now.adding(seconds: -min(days, 1_000_000) * 86_400)
    }

    private func score(_ leaf: ScoreLeaf, _ alias: String) -> RuleQuery.Condition {
        let fresh = leaf.freshDays.map(moment)
        let model: Query = leaf.model.map { "s.model = \($0)" } ?? "true"
        let rows: Query
        if let best = leaf.bestDays.map(moment) {
            rows = """
                select s.guest_id, max(s.score) filter (where s.measured_at >= \(best)) as score from guest_score s
                where \(fragment: model) and s.measured_at >= \(min(best, fresh ?? best))
                group by s.guest_id having max(s.measured_at) >= \(fresh ?? best)
                """
        } else if leaf.model != nil {
            rows = """
                select distinct on (s.guest_id) s.guest_id, s.score from guest_score s
                where \(fragment: model) and \(fragment: fresh.map { "s.measured_at >= \($0)" } ?? "true")
                order by s.guest_id, s.measured_at desc
                """
        } else {
            let value: Query = fresh.map { "case when g.score_measured_at >= \($0) then g.score end" } ?? "g.score"
            return RuleQuery.Condition(expression: within(leaf.bounds, "(\(fragment: value))"))
        }
        return RuleQuery.Condition(
            join: join(rows, alias), expression: within(leaf.bounds, "\(identifier: alias).score"))
    }

    private func topic(_ leaf: TopicLeaf) -> Query {
        let topics = Array(Set(leaf.topics.map(\.precomposedStringWithCanonicalMapping)))
        let named: Query =
            leaf.descendants
            ? "topic_name n join topic_closure c on c.ancestor_id = n.topic_id" : "topic_name n"
        let counted: Query = leaf.descendants ? "c.descendant_id" : "n.topic_id"
        guard leaf.wantsAll else {
            return """
                select distinct t.guest_id from guest_topic t
                where t.strength >= \(leaf.minimum) and t.topic_id in
                    (select \(fragment: counted) from \(fragment: named) where n.slug = any (\(topics)))
                """
        }
        return """
            select t.guest_id from \(fragment: named) join guest_topic t on t.topic_id = \(fragment: counted)
            where t.strength >= \(leaf.minimum) and n.slug = any (\(topics))
            group by t.guest_id having count(distinct n.slug) = \(topics.count)
            """
    }

    /// Compares dates of birth with the first and last that have the age today, so that nothing is computed for a row.
    private func age(_ bounds: Bounds) -> Query {
        let born: Query = "coalesce(m.birth_date_on_id, g.birth_date)"
        // Null where no date is known, whatever the bounds.
        var condition: Query = "\(fragment: born) is not null"
        if let minimum = bounds.minimum {
            let latest = local.date.birthDate(ofAge: minimum)
            condition = "\(fragment: condition) and \(fragment: latest.map { "\(fragment: born) <= \($0)" } ?? "false")"
        }
        if let maximum = bounds.maximum {
            if let earliest = local.date.birthDate(ofAge: maximum + 1) {
                condition = "\(fragment: condition) and \(fragment: born) > \(earliest)"
            } else if maximum < 0 {
                condition = "\(fragment: condition) and false"
            }
        }
        return "(case when \(fragment: born) is not null then \(fragment: condition) end)"
    }

    private func attribute(_ leaf: AttributeLeaf) -> Query {
        let column: Query = "\(identifier: leaf.attribute.rawValue)"
        let values = leaf.values.map(\.withoutCase)
        // Case is folded once for each spelling instead of each guest; the offset keeps it so.
        return """
            (case when g.\(fragment: column) is not null then g.\(fragment: column) = any (array(
                select s.spelling from (select distinct o.\(fragment: column) as spelling from guest o offset 0) s
                where \(fragment: RuleQuery.withoutCase("s.spelling")) in (select normalize(v) from unnest(\(values)) v)
            )) end)
            """
    }

    private func segment(_ leaf: SegmentLeaf) -> Query {
        """
        select distinct l.guest_id
        from segment_member l join segment s on s.brand_id = l.brand_id and s.id = l.segment_id
        where l.brand_id = \(brand) and s.slug = any (\(leaf.segments))
        """
    }

    private func network(_ leaf: NetworkLeaf) -> Query {
        """
        select distinct k.guest_id from identity k
        where k.network = any (\(leaf.networks.map { $0.lowercased() })) and (k.verified or \(!leaf.verified))
        """
    }

    private func redeemed(_ leaf: RedeemedLeaf, _ alias: String) -> RuleQuery.Condition {
        let since: Query = leaf.withinDays.map { "c.redeemed_at >= \(moment(daysAgo: $0))" } ?? "true"
        let subject: Query =
            switch leaf.subject {
            case .perk(let name):
                "c.perk_id in (select p.id from perk p where p.brand_id = \(brand) and (p.slug = \(name) or p.id = \(ID<Perk>(name))))"
            case .campaign(let name):
                """
                c.campaign_id in (select a.id from campaign a
                                  where a.brand_id = \(brand) and (a.slug = \(name) or a.id = \(ID<Campaign>(name))))
                """
            }
        let counts: Query = """
            select c.guest_id, count(*) as count from claim c
            where c.brand_id = \(brand) and c.status = 'redeemed' and \(fragment: since) and \(fragment: subject)
            group by c.guest_id
            """
        return RuleQuery.Condition(
            join: join(counts, alias), expression: within(leaf.bounds, "coalesce(\(identifier: alias).count, 0)"))
    }
}
