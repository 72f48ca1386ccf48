/// The age that the law and the brand demand; no part of any rule, and never below 18.
package struct AgeGate: Hashable, Sendable {
    /// Whole years, 18 or more.
    package let minimum: Int
    package let requiresID: Bool

    /// A gate; a minimum below 18 is raised to it.
    package init(minimum: Int, requiresID: Bool) {
        self.minimum = max(18, minimum)
        self.requiresID = requiresID
    }

    /// Where a date of birth is known from.
    package enum AgeSource: String, Hashable, Sendable {
        /// This brand saw an ID.
        case verified
        case stated
        case unknown
    }

    /// What the gate says.
    package enum Decision: String, Hashable, Sendable {
        case passes
        case tooYoung
        /// An ID has to be seen first.
        case unknown
    }

    /// Decides for a guest on the venue's date.
    ///
    /// A stated age that is too low closes the gate even where an ID is required: nobody has to be asked for one to be turned away.
    package func decide(birthDate: LocalDate?, source: AgeSource, on date: LocalDate) -> Decision {
        guard let birthDate, source != .unknown else { return .unknown }
        guard birthDate.age(on: date) >= minimum else { return .tooYoung }
        return requiresID && source != .verified ? .unknown : .passes
    }
}
