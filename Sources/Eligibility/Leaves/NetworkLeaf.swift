/// `network in (twitter, linkedin; verified)`: a handle on one of the networks; names compare without case.
package struct NetworkLeaf: LeafKind {
    package var networks: [String]
    /// Counts verified handles only.
    package var verified: Bool

    static let names = ["network"]
    static let sentences = [
        "network_unknown": "The networks of the guest are unknown.",
        "network_missing": "The guest has no handle on {networks}.",
        "network_unverified": "The handle on {networks} is not verified.",
        "network_excluded": "The guest has a handle on an excluded network: {networks}.",
        "network_joined": "a handle on {networks}",
        "network_verified": "a verified handle on {networks}",
        "network_left": "no handle on {networks}",
    ]

    /// One of the networks.
    package init(_ networks: [String], verified: Bool = false) {
        self.networks = networks
        self.verified = verified
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        networks = try members.list()
        verified = try members.flag("verified") ?? false
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        var options: Set<String> = []
        networks = try parser.list(after: name, options: ["verified"]) { options.insert($0) }
        verified = !options.isEmpty
    }

    var leaf: Leaf { .network(self) }
    var name: String { "network" }
    var text: String { "network in (\(networks.asValues)\(verified ? "; verified" : ""))" }
    var rigidity: Rigidity { .membership }
    var isNeverUnknown: Bool { true }

    func write(to members: inout LeafWriter) throws {
        try members.encode(networks, forKey: MemberName("in"))
        if verified { try members.encode(true, forKey: MemberName("verified")) }
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        RuleError.problems(inList: networks, "/in")
    }

    func test() -> LeafTest {
        let wanted = FoldedValues(networks)
        return LeafTest { facts in
            guard let actual = facts.networks else { return .unknown }
            for network in actual where (network.verified || !verified) && wanted.contains(network.name) {
                return .true
            }
            return .false
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        guard let actual = facts.networks else { return Finding(code: "network_unknown") }
        let wanted = Set(networks.map { $0.lowercased() })
        let unverified = verified && actual.contains { wanted.contains($0.name) }
        return Finding(
            code: negated ? "network_excluded" : unverified ? "network_unverified" : "network_missing",
            values: ["networks": .either(networks)],
            required: .list(networks),
            actual: .list(actual.map(\.name)))
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        guard let actual = facts.networks else { return [] }
        if negated {
            let wanted = Set(networks.map { $0.lowercased() })
            let left = networks.filter { name in actual.contains { $0.name == name.lowercased() } }
            return [
                Change(
                    "network " + left.joined(separator: " "), rigidity, key: "network_left",
                    values: ["networks": .either(left)]
                ) { $0.networks?.removeAll { wanted.contains($0.name) } }
            ]
        }
        return networks.prefix(Change.choiceLimit).map { name in
            // To verify a handle is less than to get one.
            let gap = actual.contains { $0.name == name.lowercased() } ? 0 : 500
            return Change(
                "network " + name, rigidity, gap: gap, key: verified ? "network_verified" : "network_joined",
                values: ["networks": .text(name)]
            ) { $0.networks?.append(Facts.Network(name: name, verified: verified)) }
        }
    }
}
