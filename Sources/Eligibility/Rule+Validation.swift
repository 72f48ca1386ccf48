/// Looks a name up: nil when it is known, otherwise the nearest known names, which may be none.
package typealias NameLookup = (String) -> [String]?

/// The names that a rule may speak of.
struct KnownNames {
    let topics: NameLookup
    let segments: NameLookup
}

extension Rule {
    /// What is wrong with the rule, from left to right; nothing for a rule that may be saved.
    ///
    /// Without look-ups every topic and segment counts as known.
    package func validate(
        topics: @escaping NameLookup = { _ in nil }, segments: @escaping NameLookup = { _ in nil }
    ) -> [RuleError] {
        let known = KnownNames(topics: topics, segments: segments)
        var errors: [RuleError] = []
        var leaves = 0
        var tooDeep: String?
        visit { rule, pointer, depth in
            if depth == Rule.depthLimit + 1, tooDeep == nil { tooDeep = pointer }
            switch rule {
            case .all([]): errors.append(.emptyGroup(pointer + "/all"))
            case .any([]): errors.append(.emptyGroup(pointer + "/any"))
            case .leaf(let leaf):
                leaves += 1
                let prefix = pointer.pointer(to: leaf.arguments.name)
                errors += leaf.arguments.problems(known).map { $0.under(prefix) }
            default: break
            }
        }
        if let tooDeep { errors.append(.tooDeep(tooDeep)) }
        if leaves > Rule.leafLimit { errors.append(.tooManyLeaves("")) }
        if errors.isEmpty, isAlwaysTrue { errors.append(.alwaysTrue) }
        return errors
    }
}
