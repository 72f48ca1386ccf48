import Foundation
import Logging
import Postgres

/// What every use case stands on: the database and what is remembered of it.
///
/// Built once, in the composition root.
package struct Backend: Sendable {
    package let database: Database
    package let catalogues: Catalogues
    package let links: ShareLinks
    let desk: Desk
    let keys: KeyLookup
    let clicks: ClickRecorder

    package init(_ configuration: Database.Configuration, logger: Logger) {
        var configuration = configuration
        configuration.role = "perks_app"
        database = Database(configuration, logger: logger)
        catalogues = Catalogues()
        desk = Desk(database, catalogues)
        keys = KeyLookup(database)
        links = ShareLinks(database)
        clicks = ClickRecorder(database, logger: logger)
    }

    /// Runs a body as one transaction that sees only what belongs to the principal's brand and to no brand at all.
    package func transaction<Result: Sendable>(
        as principal: Principal, readOnly: Bool = false, isolation: Isolation = .readCommitted,
        _ body: @Sendable (isolated Connection) throws -> Result
    ) async throws -> Result {
        let brand = principal.brand?.id.uuid ?? .zero
        return try await reporting {
            try await database.transaction(readOnly: readOnly, isolation: isolation) { connection in
                try connection.act(for: brand)
                return try body(connection)
            }
        }
    }

    /// Runs work on the database and turns what a caller can act on into a `PerksError`.
    package func reporting<Result>(_ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let error as PostgresError {
            throw PerksError(error) ?? error
        }
    }
}

extension Connection {
    /// Lets this transaction see what belongs to a brand, or to no brand at all; the nil UUID is the platform itself.
    ///
    /// Together with how long it waits for a lock, such as `500ms`, where that is not the usual time: it is one round trip.
    func act(for brand: UUID, lockTimeout: String? = nil) throws {
        let limit: Query = lockTimeout.map { ", set_config('lock_timeout', \($0), true)" } ?? ""
        try query("select set_config('perks.brand', \(brand.uuidString), true)\(fragment: limit)")
    }
}

extension PerksError {
    /// What a failure of the database means to a caller; nil when it is a fault of ours.
    package init?(_ error: PostgresError) {
        switch (error.kind, error.sqlState) {
        case (.overloaded, _):
            self.init(.overloaded, "Too many requests are waiting for the database. Try again in a moment.")
        case (.unavailable, _), (.inDoubt, _):
            self.init(
                .unavailable,
                "The database is away. Try again in a moment; repeating with the same Idempotency-Key is safe.")
        case (.timeout, _), (.server, "57014"), (.server, "55P03"), (.server, "40001"), (.server, "40P01"):
            self.init(.overloaded, "The database took too long. Try again in a moment.")
        case (.server, "22021"), (.server, "22P05"):
            self.init(.invalidRequest, "Text must be Unicode without the NUL character.")
        default:
            return nil
        }
    }
}

extension PostgresError {
    /// Whether this is the violation of the unique constraint, foreign key or check of this name.
    func violates(_ constraint: String) -> Bool {
        self.constraint == constraint && sqlState?.hasPrefix("23") == true
    }
}
