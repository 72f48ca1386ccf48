/// A condition on one thing that is known of a guest.
///
/// A new kind is a file in `Leaves`, and its lines here.
package enum Leaf: Hashable, Sendable {
    case score(ScoreLeaf)
    case topic(TopicLeaf)
    case age(AgeLeaf)
    case attribute(AttributeLeaf)
    case segment(SegmentLeaf)
    case network(NetworkLeaf)
    case reach(ReachLeaf)
    case redeemed(RedeemedLeaf)
    case localTime(LocalTimeLeaf)

    static let kinds: [any LeafKind.Type] = [
        ScoreLeaf.self, TopicLeaf.self, AgeLeaf.self, AttributeLeaf.self, SegmentLeaf.self, NetworkLeaf.self,
        ReachLeaf.self, RedeemedLeaf.self, LocalTimeLeaf.self,
    ]

    /// The leaf as what all kinds have in common.
    var arguments: any LeafKind {
        switch self {
        case .score(let leaf): leaf
        case .topic(let leaf): leaf
        case .age(let leaf): leaf
        case .attribute(let leaf): leaf
        case .segment(let leaf): leaf
        case .network(let leaf): leaf
        case .reach(let leaf): leaf
        case .redeemed(let leaf): leaf
        case .localTime(let leaf): leaf
        }
    }

    /// The kind that goes by a name, in JSON and in text.
    static func kind(named name: String) -> (any LeafKind.Type)? {
        kinds.first { $0.names.contains(name) }
    }

    /// The text form.
    package var text: String { arguments.text }
}
