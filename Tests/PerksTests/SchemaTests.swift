import Foundation
import Logging
import Postgres
import Schema
import TestDatabase
import Testing

@testable import Perks

@Suite struct SchemaTests {
    @Test func everyFileOfTheFolderIsListed() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../sql")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".sql") && $0 != "roles.sql" }.map { String($0.dropLast(4)) }.sorted()
        #expect(Migration.all.map(\.name) == files)
        #expect(Migration.all.map(\.version) == Array(1...files.count))
        for migration in Migration.all {
            let file = try String(contentsOf: folder.appendingPathComponent(migration.name + ".sql"), encoding: .utf8)
            #expect(migration.sql == file)
            #expect(file.hasPrefix("-- "), "\(migration.name) does not open with what it is for")
        }
    }

    @Test func migratingTwiceAppliesNothing() async throws {
        let url = try await TestDatabase.make()
        let first = try await Migrator(url: url, logger: Palms.logger).migrate()
        #expect(first.applied == Migration.all.map(\.name))
        let second = try await Migrator(url: url, logger: Palms.logger).migrate()
        #expect(second.applied.isEmpty)
        #expect(second.current == Migration.all.last?.name)
    }

    @Test func twoAtOnceApplyEachMigrationOnce() async throws {
        let url = try await TestDatabase.make()
        let outcomes = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 { group.addTask { try await Migrator(url: url, logger: Palms.logger).migrate().applied } }
            return try await group.reduce(into: [String]()) { $0 += $1 }
        }
        #expect(outcomes == Migration.all.map(\.name))
    }

    @Test(arguments: [
        ("update schema_migration set checksum = 'x' where version = 2", "V0002__topics differs"),
        ("delete from schema_migration where version = 3", "lacks a migration before V0004"),
        (
            "insert into schema_migration (version, name, checksum) values (9999, 'V9999__future', 'x')",
            "V9999__future, which this version of perks does not know"
        ),
    ])
    func aHistoryThatDoesNotFitIsRefused(change: String, expected: String) async throws {
        let url = try await Palms.database()
        let database = Database(.init(url: url), logger: Palms.logger)
        try await database.session { try $0.script(change) }
        await database.close()
        let error = await #expect(throws: Migrator.Refusal.self) {
            try await Migrator(url: url, logger: Palms.logger).migrate()
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
    }

    /// What stood in a database before keys, codes and holds had tables of their own.
    @Test func whatWasClaimedBeforeIsKept() async throws {
        let url = try await TestDatabase.make()
        let (brand, unit) = (UUID.version7(at: Palms.now), ID<Redemption>(at: Palms.now))
        let database = Database(.init(url: url), logger: Palms.logger)
        try await database.session { connection in
            try connection.script(Migration.roles.sql)
            try connection.script("set role perks_owner")
            try connection.script(
                """
                create table schema_migration (
                    version integer constraint schema_migration_pkey primary key, name text not null,
                    checksum bytea not null, applied_at timestamptz not null default now());
                """)
            for migration in Migration.all.prefix(8) {
                try connection.transaction { try connection.script(migration.sql) }
                try connection.execute(
                    """
                    insert into schema_migration (version, name, checksum)
                    values (\(migration.version), \(migration.name), \(migration.checksum))
                    """)
            }
            try connection.script("reset role")
            try connection.script(
                """
                insert into brand (id, slug, name, time_zone, country, minimum_age, created_at)
                values ('BRAND', 'palms', 'Palms', 'UTC', 'US', 18, now());
                insert into venue select id, id, 'lv', 'LV', 'UTC', 'US', null, now() from brand;
                insert into campaign (brand_id, id, slug, name, category, status, require_id, disclosure, revision, created_at)
                select id, id, 'open', 'Open', 'general', 'active', false, '#ad', 1, now() from brand;
                insert into perk (brand_id, id, campaign_id, slug, name, benefit, per_guest_limit, per_guest_period,
                    hold_minutes, cost, revision, created_at)
                select id, id, id, 'suite', 'Suite', '{}', 1, 'campaign', 15, 0, 1, now() from brand;
                """.replacing("BRAND", with: brand.uuidString))
            try connection.execute(
                """
                insert into claim (brand_id, id, perk_id, campaign_id, guest_id, venue_id, status, idempotency_key,
                    fingerprint, period_start, slot, cost, actor, redeemed_at, receipt)
                values (\(brand), \(unit), \(brand), \(brand), \(brand), \(brand), 'redeemed', 'order-1',
                        \([UInt8](1...32)), '0001-01-01', 1, 0, 'test', \(Palms.now), '{}')
                """)
        }
        let applied = try await Migrator(url: url, logger: Palms.logger).migrate().applied
        #expect(applied == Migration.all.dropFirst(8).map(\.name))
        let row = try await database.read(
            """
            select k.key, k.fingerprint, k.kept_until, c.claimed_at from idempotency_key k
            join claim c on c.brand_id = k.brand_id and c.id = k.claim_id
            """)[0]
        #expect(try row["key"] == "order-1")
        #expect(try row["fingerprint"] == [UInt8](1...32))
        #expect(try row.decode("kept_until", as: Timestamp?.self) == nil)
        #expect(try row["claimed_at"] == Palms.now)
        await database.close()
    }

    @Test func aDatabaseThatIsNotUnicodeIsRefused() async throws {
        let url = try await TestDatabase.make()
        let database = Database(.init(url: url), logger: Palms.logger)
        try await database.session { connection in
            try connection.script("create database latin encoding 'LATIN1' locale 'C' template template0")
        }
        await database.close()
        var latin = try #require(URLComponents(string: url))
        latin.path = "/latin"
        let error = await #expect(throws: Migrator.Refusal.self) {
            try await Migrator(url: latin.string ?? "", logger: Palms.logger).migrate()
        }
        #expect(error?.description.contains("UTF-8") == true, "\(error?.description ?? "no error")")
    }

    @Test func readinessNeedsTheSchema() async throws {
        let url = try await TestDatabase.make()
        // The roles alone, as an interrupted first migration leaves them.
        let database = Database(.init(url: url), logger: Palms.logger)
        try await database.session { try $0.script(Migration.roles.sql) }
        await database.close()
        let backend = Palms.backend(url)
        #expect(try await refusal { try await backend.checkReadiness() } == .unavailable)
        await backend.database.close()
        let ready = Palms.backend(try await Palms.database())
        try await ready.checkReadiness()
        await ready.database.close()
    }

    /// The rules of the three families of tables, read from PostgreSQL's own catalogue.
    @Test func tablesKeepTheRulesOfTheirFamily() async throws {
        let database = Database(.init(url: try await Palms.database()), logger: Palms.logger)
        let rows = try await database.read(
            """
            select c.relname as table_name, c.relrowsecurity as is_guarded, c.relforcerowsecurity as is_forced,
                   exists (select from pg_attribute a
                           where a.attrelid = c.oid and a.attname = 'brand_id' and not a.attisdropped) as has_brand,
                   array(select p.polname || ' to ' || array_to_string(p.polroles::regrole[]::text[], ',') || ' '
                                || coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' '
                                || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
                         from pg_policy p where p.polrelid = c.oid order by p.polname) as policies,
                   pg_get_userbyid(c.relowner) as owner
            from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            order by c.relname
            """)
        let brandTables = try rows.filter { try $0["has_brand"] }
        #expect(brandTables.count >= 10)
        for row in rows {
            let name: String = try row["table_name"]
            #expect(try row["owner"] == "perks_owner", "\(name) has another owner")
            guard try row["has_brand"] else { continue }
            #expect(try row["is_guarded"] && row["is_forced"], "\(name) is not behind row-level security")
            #expect(
                try row["policies"] == [
                    "brand_only to perks_app (brand_id = current_brand()) (brand_id = current_brand())",
                    "every_brand to perks_system true true",
                ], "\(name) has other policies")
        }

        // Keys and unique indexes of a brand's table begin with brand_id, of a guest's with guest_id.
        let indexes = try await database.read(
            """
            select c.relname as table_name, i.indexrelid::regclass::text as index_name,
                   (select a.attname::text from pg_attribute a
                    where a.attrelid = i.indrelid and a.attnum = i.indkey[0]) as first_column,
                   exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'brand_id') as is_brand
            from pg_index i join pg_class c on c.oid = i.indrelid
            where c.relnamespace = 'public'::regnamespace and i.indisunique
                and (exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'brand_id')
                     or c.relname in ('guest', 'guest_score', 'guest_topic'))
            """)
        #expect(indexes.count > 20)
        for row in indexes {
            let (table, index): (String, String) = (try row["table_name"], try row["index_name"])
            #expect(
                try row["first_column"] == (row["is_brand"] ? "brand_id" : "guest_id"), "\(index) of \(table)")
        }

        let foreignKeys = try await database.read(
            """
            select k.conname as name, f.relname as from_table, t.relname as to_table,
                   (select a.attname::text from pg_attribute a
                    where a.attrelid = k.conrelid and a.attnum = k.conkey[1]) as first_column,
                   exists (select from pg_attribute a where a.attrelid = f.oid and a.attname = 'brand_id') as is_brand
            from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
            where k.contype = 'f' and f.relnamespace = 'public'::regnamespace
            """)
        let guestTables = ["guest", "guest_score", "guest_topic"]
        for row in foreignKeys {
            let (name, from, to): (String, String, String) = (
                try row["name"], try row["from_table"], try row["to_table"]
            )
            if try row["is_brand"] {
                #expect(try row["first_column"] == "brand_id", "\(name)")
                #expect(!guestTables.contains(to), "\(name) leads from a brand's table to a guest's")
            } else if guestTables.contains(from) {
                #expect(try row["first_column"] == "guest_id", "\(name)")
            }
        }

        // What runs with more rights than its caller says where it looks for tables.
        let definers = try await database.read(
            """
            select p.proname as name, pg_get_userbyid(p.proowner) as owner, coalesce(p.proconfig::text, '') as settings
            from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef
            """)
        for row in definers {
            #expect(try row["owner"] == "perks_system")
            let (name, settings): (String, String) = (try row["name"], try row["settings"])
            #expect(settings.contains("search_path"), "\(name) does not pin its search_path")
        }
        await database.close()
    }
}
