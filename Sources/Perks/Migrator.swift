import Crypto
import Foundation
import Logging
import Postgres
import Schema

/// Brings a database to the schema of this version; forward only.
package struct Migrator: Sendable {
    /// What a run did.
    package struct Outcome: Codable, Sendable {
        /// The migrations that were applied now, in order.
        package let applied: [String]
        /// The last migration that the database has.
        package let current: String
    }

    /// Why a database cannot be migrated, and what to do.
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String
    }

    /// Taken for as long as a migration runs, so that of two processes one waits for the other; an arbitrary number.
    private static let lock = 5_072_836_411

    let url: String
    let logger: Logger

    /// Prepares to migrate a database as a user that may create roles and tables.
    package init(url: String, logger: Logger) {
        self.url = url
        self.logger = logger
    }

    /// Applies what is missing, one transaction each, and says what that was.
    ///
    /// Throws `Refusal` when a migration that was applied has since been edited or is unknown to this version.
    package func migrate() async throws -> Outcome {
        let database = Database(
            .init(url: url, maximumConnections: 1, statementTimeout: .seconds(3600), lockTimeout: .seconds(60)),
            logger: logger)
        do {
            let outcome = try await database.session { connection in
                try connection.query("select pg_advisory_lock(\(Self.lock))")
                return try apply(in: connection)
            }
            await database.close()
            return outcome
        } catch {
            await database.close()
            throw error
        }
    }

    private func apply(in connection: isolated Connection) throws -> Outcome {
        try Self.checkDatabase(in: connection)
        try prepareRoles(in: connection)
        try connection.script("set role perks_owner")
        try connection.script(
            """
            create table if not exists schema_migration (
                version integer constraint schema_migration_pkey primary key,
                name text not null,
                checksum bytea not null,
                applied_at timestamptz not null default now()
            );
            grant select on schema_migration to perks_app;
            """)
        let applied = try Self.check(
            connection.query("select version, name, checksum from schema_migration order by version"))
        var fresh: [String] = []
        for migration in Migration.all.dropFirst(applied) {
            try connection.transaction {
                try connection.script(migration.sql)
                try connection.execute(
                    """
                    insert into schema_migration (version, name, checksum)
                    values (\(migration.version), \(migration.name), \(migration.checksum))
                    """)
            }
            logger.info("migration applied", metadata: ["migration": "\(migration.name)"])
            fresh.append(migration.name)
        }
        return Outcome(applied: fresh, current: Migration.all.last?.name ?? "")
    }

    /// Refuses a database that could not keep what people are called, or compare it without case.
    private static func checkDatabase(in connection: isolated Connection) throws {
        let row = try connection.query(
            """
            select getdatabaseencoding()::text as encoding,
                   exists (select from pg_collation where collname = 'und-x-icu') as has_icu
            """)[0]
        guard try row["encoding"] == "UTF8" else {
            throw Refusal(
                description:
                    "This database is not encoded in UTF-8. Make another: createdb --encoding UTF8 --template template0 perks"
            )
        }
        guard try row["has_icu"] else {
            throw Refusal(
                description:
                    "This PostgreSQL was built without ICU, which compares text of all languages. Use one that has it, such as Debian's."
            )
        }
    }

    private func prepareRoles(in connection: isolated Connection) throws {
        do {
            try connection.script(Migration.roles.sql)
        } catch let error as PostgresError where error.sqlState == "42501" {
            throw Refusal(
                description: """
                    This user may not prepare the roles perks_owner, perks_system and perks_app. Run `perks migrate` once \
                    as a user that may create roles, such as postgres: DATABASE_URL=postgres://postgres@… perks migrate
                    """)
        }
    }

    /// Holds what a database has against what this version knows; answers how many migrations are applied.
    private static func check(_ rows: Rows) throws -> Int {
        for (index, row) in rows.enumerated() {
            let name: String = try row["name"]
            guard index < Migration.all.count, Migration.all[index].version == (try row["version"] as Int) else {
                throw Refusal(
                    description: Migration.all.contains { $0.name == name }
                        ? "The database lacks a migration before \(name). Restore it from a backup; it was not changed."
                        : "The database has the migration \(name), which this version of perks does not know. Use a newer perks; nothing was changed."
                )
            }
            let migration = Migration.all[index]
            guard name == migration.name, try row["checksum"] == migration.checksum else {
                throw Refusal(
                    description:
                        "The migration \(migration.name) differs from what the database has applied as \(name). A shipped migration must never be edited: restore the file and add a new one. Nothing was changed."
                )
            }
        }
        return rows.count
    }
}

extension Migration {
    /// SHA-256 of the file.
    var checksum: [UInt8] { Array(SHA256.hash(data: Data(sql.utf8))) }
}

extension Backend {
    /// Whether the database answers and has the schema that this version needs; throws what to do when it does not.
    package func checkReadiness() async throws {
        let rows = try await reporting {
            do {
                return try await database.read("select name, checksum from schema_migration order by version")
            } catch let error as PostgresError where ["42P01", "22023"].contains(error.sqlState) {
                // No table yet, or not even the role.
                throw Self.notMigrated
            }
        }
        let names = try rows.map { try $0.decode("name", as: String.self) }
        // A newer schema is fine while servers of two versions run side by side.
        guard Migration.all.map(\.name).elementsEqual(names.prefix(Migration.all.count)) else { throw Self.notMigrated }
    }

    private static var notMigrated: PerksError {
        PerksError(.unavailable, "The database does not have this version's schema. Run `perks migrate`.")
    }
}
