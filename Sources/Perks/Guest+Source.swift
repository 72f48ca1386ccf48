import Postgres

extension Guest {
    /// Who supplied a profile as it is, and under which consent; who brought it here, and when.
    package struct Source: Codable, Sendable {
        package let name: String?
        package let consent: String?
        /// As the audit log names it: `key:key_01k…` or `cli:<user>`.
        package let suppliedBy: String
        package let suppliedAt: Timestamp

        private enum CodingKeys: String, CodingKey {
            case name, consent
            case suppliedBy = "supplied_by"
            case suppliedAt = "supplied_at"
        }

        /// Nil when nobody was ever named.
        init?(_ row: Row) throws {
            guard let suppliedAt: Timestamp = try row["supplied_at"] else { return nil }
            self.suppliedAt = suppliedAt
            suppliedBy = try row["supplied_by"]
            name = try row["source"]
            consent = try row["consent"]
        }

        static let schema = JSONSchema.object([
            .optional("name", .name, "Who supplied the profile."),
            .optional("consent", .name, "Under which consent."),
            .required("supplied_by", .string(), "Who brought it here: a key by its id, or a user of the command line."),
            .required("supplied_at", .timestamp),
        ])
    }

    /// What is said of the source while guests are taken in; nothing is too little to be kept.
    struct Supply {
        let source: String?
        let consent: String?

        /// Throws `invalid_request` for what is not a plain name of up to 200 characters.
        init(source: String?, consent: String?) throws(PerksError) {
            for (parameter, name) in [("source", source), ("consent", consent)] {
                let violations = name.map { JSONSchema.name.violations(in: .string($0), at: parameter) } ?? []
                guard let first = violations.first else { continue }
                throw PerksError(.invalidRequest, "\(parameter): \(first.detail)", violations: violations)
            }
            self.source = source
            self.consent = consent
        }
    }
}
