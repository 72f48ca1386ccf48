/// One migration: a file of this folder, embedded in the binary.
package struct Migration: Sendable {
    /// The number that orders migrations, from the file's name.
    package let version: Int
    /// The file's name without `.sql`, such as `V0001__brands`.
    package let name: String
    /// What the file says.
    package let sql: String

    private init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        self.version = Int(name.dropFirst().prefix(4)) ?? 0
        self.sql = String(decoding: bytes, as: UTF8.self)
    }

    /// Every migration, in the order of application.
    ///
    /// A file of this folder that is missing here turns a test red.
    package static let all = [
        Migration("V0001__brands", PackageResources.V0001__brands_sql),
        Migration("V0002__topics", PackageResources.V0002__topics_sql),
        Migration("V0003__guests", PackageResources.V0003__guests_sql),
        Migration("V0004__jurisdictions", PackageResources.V0004__jurisdictions_sql),
        Migration("V0005__campaigns", PackageResources.V0005__campaigns_sql),
        Migration("V0006__check_ins", PackageResources.V0006__check_ins_sql),
        Migration("V0007__claims", PackageResources.V0007__claims_sql),
        Migration("V0008__segments", PackageResources.V0008__segments_sql),
        Migration("V0009__people", PackageResources.V0009__people_sql),
        Migration("V0010__idempotency", PackageResources.V0010__idempotency_sql),
        Migration("V0011__codes", PackageResources.V0011__codes_sql),
        Migration("V0012__holds", PackageResources.V0012__holds_sql),
        Migration("V0013__address_aliases", PackageResources.V0013__address_aliases_sql),
        Migration("V0014__shares", PackageResources.V0014__shares_sql),
        Migration("V0015__clicks", PackageResources.V0015__clicks_sql),
        Migration("V0016__conversions", PackageResources.V0016__conversions_sql),
        Migration("V0017__word_of_mouth_of_people", PackageResources.V0017__word_of_mouth_of_people_sql),
    ]

    /// Makes the roles that every migration relies on; run before each, as whoever migrates.
    package static let roles = Migration("roles", PackageResources.roles_sql)
}
