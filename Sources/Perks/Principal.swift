/// What a key allows.
package enum Role: String, Codable, CaseIterable, Sendable {
    /// Runs the platform: creates brands, imports topics and guests; acts for any brand it names.
    case `operator`
    /// Everything within one brand, its keys included.
    case owner
    /// Campaigns, perks and reports of one brand.
    case manager
    /// The desk: check-ins and redemptions, perhaps at one venue only.
    case clerk
    /// Reads everything of one brand, changes nothing.
    case auditor
}

/// Who is asking, and for which brand.
package struct Principal: Sendable {
    package let role: Role
    /// As the audit log names it: `key:key_01k…` or `cli:<user>`.
    package let actor: String
    /// The brand it acts for; nil for an operator that named none.
    package let brand: Brand?
    /// The one venue that a clerk is bound to.
    package let venue: ID<Venue>?

    package init(role: Role, actor: String, brand: Brand?, venue: ID<Venue>? = nil) {
        self.role = role
        self.actor = actor
        self.brand = brand
        self.venue = venue
    }

    /// The brand it acts for; throws `brand_required` when an operator named none.
    package func requiredBrand() throws(PerksError) -> Brand {
        guard let brand else {
            throw PerksError(
                .brandRequired, "This needs a brand: name it with the header Perks-Brand or the option --brand.")
        }
        return brand
    }

    /// Whether it may be shown what the guest has, next to what the rule requires.
    var seesNumbers: Bool { role != .clerk }

    /// The same caller acting for a brand.
    func acting(for brand: Brand) -> Principal {
        Principal(role: role, actor: actor, brand: brand, venue: venue)
    }
}
