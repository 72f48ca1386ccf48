import Eligibility
import Foundation
import Postgres

/// A rule as SQL over guests: each leaf a column that is true, false or null, and the tree over them.
///
/// SQL's three-valued logic is the rules' own, so that `and`, `or` and `not` carry over as they are.
struct RuleQuery {
    /// The leaves from left to right, with `not` pushed down to them, as text and as an expression over `g` and `m`.
    private(set) var leaves: [(text: String, expression: Query)] = []
    /// The rule over the columns `leaf_0`, `leaf_1` and so on.
    private var tree: Node = .all([])

    private indirect enum Node {
        case all([Node])
        case any([Node])
        case leaf(Int)
    }

    /// What the leaves are compared with.
    struct Context {
        let brand: ID<Brand>
        let now: Timestamp
        let local: Facts.Local
    }

    init(_ rule: Rule, _ context: Context) {
        tree = add(rule, negated: false, context)
    }

    private mutating func add(_ rule: Rule, negated: Bool, _ context: Context) -> Node {
        switch rule {
        case .not(let rule): return add(rule, negated: !negated, context)
        case .all(let rules):
            let nodes = rules.map { add($0, negated: negated, context) }
            return negated ? .any(nodes) : .all(nodes)
        case .any(let rules):
            let nodes = rules.map { add($0, negated: negated, context) }
            return negated ? .all(nodes) : .any(nodes)
        case .leaf(let leaf):
            let expression = context.expression(leaf)
            leaves.append(
                negated ? ("not \(leaf.text)", "(not \(fragment: expression))") : (leaf.text, expression))
            return .leaf(leaves.count - 1)
        }
    }

    /// The leaves as columns.
    var columns: Query {
        leaves.enumerated().reduce("true as everybody") { columns, leaf in
            "\(fragment: columns), \(fragment: leaf.element.expression) as \(identifier: "leaf_\(leaf.offset)")"
        }
    }

    /// The rule over the columns; a leaf that is named counts as true.
    func condition(assuming assumed: Int? = nil) -> Query {
        condition(tree, assuming: assumed)
    }

    private func condition(_ node: Node, assuming assumed: Int?) -> Query {
        switch node {
        case .leaf(let index):
            return index == assumed ? "true" : "\(identifier: "leaf_\(index)")"
        case .all(let nodes):
            return nodes.reduce("(true") { "\(fragment: $0) and \(fragment: condition($1, assuming: assumed))" } + ")"
        case .any(let nodes):
            return nodes.reduce("(false") { "\(fragment: $0) or \(fragment: condition($1, assuming: assumed))" } + ")"
        }
    }
}

extension Query {
    fileprivate static func + (left: Query, right: Query) -> Query {
        "\(fragment: left)\(fragment: right)"
    }
}

extension RuleQuery.Context {
    /// One leaf as an expression over a guest `g` and the brand's member `m`; null where it is not known.
    fileprivate func expression(_ leaf: Leaf) -> Query {
        switch leaf {
        case .score(let leaf): score(leaf)
        case .topic(let leaf): topic(leaf)
        case .age(let leaf): age(leaf.bounds)
        case .attribute(let leaf): attribute(leaf)
        case .segment(let leaf): segment(leaf)
        case .network(let leaf): network(leaf)
        case .reach(let leaf): within(leaf.bounds, "g.reach")
        case .redeemed(let leaf): redeemed(leaf)
        case .localTime(let leaf): leaf.contains(local.weekday, local.minute) ? "true" : "false"
        }
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

    private func score(_ leaf: ScoreLeaf) -> Query {
        guard leaf.model != nil || leaf.bestDays != nil else {
            guard let days = leaf.freshDays else { return within(leaf.bounds, "g.score") }
            return """
                (case when g.score_measured_at >= \(moment(daysAgo: days)) then \(fragment: within(leaf.bounds, "g.score")) end)
                """
        }
        let model: Query = leaf.model.map { "s.model = \($0)" } ?? "true"
        let newest: Query = "order by s.measured_at desc, s.recorded_at desc limit 1"
        let scores: Query = "guest_score s where s.guest_id = g.guest_id and \(fragment: model)"
        let value: Query =
            leaf.bestDays.map {
                "(select max(s.score) from \(fragment: scores) and s.measured_at >= \(moment(daysAgo: $0)))"
            } ?? "(select s.score from \(fragment: scores) \(fragment: newest))"
        guard let days = leaf.freshDays else { return within(leaf.bounds, value) }
        return """
            (case when (select s.measured_at from \(fragment: scores) \(fragment: newest)) >= \(moment(daysAgo: days))
             then \(fragment: within(leaf.bounds, value)) end)
            """
    }

    private func topic(_ leaf: TopicLeaf) -> Query {
        func having(_ topics: [String]) -> Query {
            let counted: Query =
                leaf.descendants
                ? """
                select c.descendant_id from topic_name n join topic_closure c on c.ancestor_id = n.topic_id
                where n.slug = any (\(topics))
                """ : "select n.topic_id from topic_name n where n.slug = any (\(topics))"
            return """
                (g.guest_id in (select t.guest_id from guest_topic t
                                where t.topic_id in (\(fragment: counted)) and t.strength >= \(leaf.minimum)))
                """
        }
        guard leaf.wantsAll else { return having(leaf.topics) }
        return leaf.topics.reduce("(true") { "\(fragment: $0) and \(fragment: having([$1]))" } + ")"
    }

    /// Compares dates of birth with the first and last that have the age today, so that nothing is computed for a row.
    private func age(_ bounds: Bounds) -> Query {
        let born: Query = "coalesce(m.birth_date_on_id, g.birth_date)"
        var condition: Query = "(\(fragment: born) is not null or null)"
        if let minimum = bounds.minimum {
            let latest = local.date.birthDate(ofAge: minimum) ?? LocalDate(daysSinceEpoch: .min)
            condition = "\(fragment: condition) and \(fragment: born) <= \(latest)"
        }
        if let maximum = bounds.maximum, let earliest = local.date.birthDate(ofAge: maximum + 1) {
            condition = "\(fragment: condition) and \(fragment: born) > \(earliest)"
        }
        return "(\(fragment: condition))"
    }

    private func attribute(_ leaf: AttributeLeaf) -> Query {
        let column: Query =
            switch leaf.attribute {
            case .country: "g.country"
            case .region: "g.region"
            case .city: "g.city"
            case .gender: "g.gender"
            case .language: "g.language"
            }
        let values = leaf.values.map { $0.lowercased().precomposedStringWithCanonicalMapping }
        // Lower case by Unicode's rules, whatever the database's own locale.
        return "(lower(\(fragment: column) collate \"und-x-icu\") = any (\(values)))"
    }

    private func segment(_ leaf: SegmentLeaf) -> Query {
        """
        (g.guest_id in (select l.guest_id
                        from segment_member l join segment s on s.brand_id = l.brand_id and s.id = l.segment_id
                        where l.brand_id = \(brand) and s.slug = any (\(leaf.segments))))
        """
    }

    private func network(_ leaf: NetworkLeaf) -> Query {
        """
        (g.guest_id in (select k.guest_id from identity k
                        where k.network = any (\(leaf.networks.map { $0.lowercased() })) and (k.verified or \(!leaf.verified))))
        """
    }

    private func redeemed(_ leaf: RedeemedLeaf) -> Query {
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
        let count: Query = """
            (select count(*) from claim c
             where c.brand_id = \(brand) and c.guest_id = g.guest_id and c.status = 'redeemed'
                and \(fragment: since) and \(fragment: subject))
            """
        return within(leaf.bounds, count)
    }
}
