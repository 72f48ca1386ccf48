/// One of the three values of Kleene's logic, which is also SQL's.
package enum Truth: String, Hashable, Sendable, Codable {
    case `false`
    case unknown
    case `true`

    /// A known answer.
    package init(_ answer: Bool) {
        self = answer ? .true : .false
    }

    /// `not`: the unknown stays unknown.
    package var negated: Truth {
        switch self {
        case .false: .true
        case .unknown: .unknown
        case .true: .false
        }
    }

    /// Whether it is true, neither false nor unknown.
    package var holds: Bool {
        if case .true = self { true } else { false }
    }

    /// `and`: the lesser of the two, where false is less than unknown and unknown less than true.
    package func and(_ other: Truth) -> Truth {
        switch (self, other) {
        case (.false, _), (_, .false): .false
        case (.true, .true): .true
        default: .unknown
        }
    }

    /// `or`: the greater of the two.
    package func or(_ other: Truth) -> Truth {
        switch (self, other) {
        case (.true, _), (_, .true): .true
        case (.false, .false): .false
        default: .unknown
        }
    }
}
