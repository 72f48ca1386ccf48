import Foundation
import Glibc
import Perks
import Postgres

/// The checks of `perks doctor`, in the order in which one makes sense of the next.
struct Checkup {
    private let settings: Settings
    private let dataDirectory: String?
    private let isDeep: Bool

    /// A deep one also proves what must be so of everything that was ever handed out.
    init(_ settings: Settings, dataDirectory: String?, isDeep: Bool) {
        self.settings = settings
        self.dataDirectory = dataDirectory
        self.isDeep = isDeep
    }

    /// What all checks found; those that need the database are left out when it is away.
    func findings() async throws -> [Finding] {
        var findings = timeZones()
        if !settings.namesDatabase {
            let cluster = settings.cluster(dataDirectory)
            findings += disk(of: cluster)
            guard try cluster.status() != .absent else {
                return findings + [
                    .problem(
                        "database",
                        "DATABASE_URL is not set and there is no private one in \(cluster.directory) yet: `perks migrate` makes it."
                    )
                ]
            }
        }
        let url: String
        do {
            url = try await settings.database(dataDirectory: dataDirectory)
        } catch let error as ClusterError {
            return findings + [.problem("database", error.description)]
        }
        let backend = Backend(.init(url: url, applicationName: "perks doctor", maximumConnections: 1), logger: .quiet)
        let plain = Database(.init(url: url, applicationName: "perks doctor", maximumConnections: 1), logger: .quiet)
        findings += await answers(of: plain, to: backend)
        await backend.database.close()
        await plain.close()
        return findings
    }

    /// What the database shows: to a plain user, since the roles may not be there yet, and in the end as every command
    /// reaches it.
    private func answers(of plain: Database, to backend: Backend) async -> [Finding] {
        var findings: [Finding] = []
        let version: Int
        do {
            version = try await plain.read("select current_setting('server_version_num')::int as version")[0]["version"]
        } catch {
            let reason = (error as? PostgresError)?.sentence ?? "\(error)."
            return [.problem("database", "It does not answer: \(reason) Check DATABASE_URL, and that it runs.")]
        }
        findings.append(.ok("database", settings.namesDatabase ? "It answers." : "The private one answers."))
        findings.append(
            version >= 150_000
                ? .ok("version", "PostgreSQL \(version / 10_000).")
                : .problem("version", "PostgreSQL \(version / 10_000) is too old: use 15 or newer."))
        for check in [roles, clock, zones, rowSecurity] {
            do {
                findings.append(try await check(plain))
            } catch {
                findings.append(.problem("database", "A check failed: \(error)"))
            }
        }
        do {
            try await backend.checkSchema()
            findings.append(.ok("schema", "It is this version's."))
            if isDeep { findings += try await backend.checkInvariants().map(Finding.init) }
        } catch let error as PerksError {
            findings.append(.problem("schema", error.detail))
        } catch {
            findings.append(.problem("schema", "\(error)"))
        }
        return findings
    }

    private func roles(_ database: Database) async throws -> Finding {
        let wanted = ["perks_owner", "perks_system", "perks_app"]
        let rows = try await database.read("select rolname::text as name from pg_roles where rolname = any (\(wanted))")
        let found = Set(try rows.map { try $0.decode("name", as: String.self) })
        let missing = wanted.filter { !found.contains($0) }
        return missing.isEmpty
            ? .ok("roles", "perks_owner, perks_system and perks_app are there.")
            : .problem(
                "roles",
                "\(missing.joined(separator: ", ")) missing: run `perks migrate` as a user that may create roles.")
    }

    /// Whether a table that has a brand_id shows its rows only to that brand, its owner included.
    private func rowSecurity(_ database: Database) async throws -> Finding {
        let rows = try await database.read(
            """
            select c.relname::text as name,
                   c.relrowsecurity and c.relforcerowsecurity
                       and exists (select from pg_policy p where p.polrelid = c.oid) as is_guarded
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'brand_id' and not a.attisdropped
            join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and n.nspname = 'public'
            order by 1
            """)
        let open = try rows.filter { try !$0.decode("is_guarded", as: Bool.self) }.map { row in
            try row.decode("name", as: String.self)
        }
        guard !rows.isEmpty else {
            return .problem("row security", "There are no tables of brands yet: run `perks migrate`.")
        }
        return open.isEmpty
            ? .ok("row security", "It is forced on all \(rows.count) tables of brands.")
            : .problem(
                "row security",
                "\(open.joined(separator: ", ")) would show one brand's rows to another: "
                    + "alter table … enable row level security, force row level security, and restore the policies.")
    }

    private func clock(_ database: Database) async throws -> Finding {
        let before = Timestamp.now()
        let theirs: Timestamp = try await database.read("select clock_timestamp() as now")[0]["now"]
        let ours = (before.microseconds + Timestamp.now().microseconds) / 2
        let seconds = Double(abs(theirs.microseconds - ours)) / 1_000_000
        let shown = String(format: "%.1f", seconds)
        return seconds <= 2
            ? .ok("clock", "This machine and the database agree within \(shown) s.")
            : .problem(
                "clock", "This machine and the database are \(shown) s apart: synchronise both with a time server.")
    }

    /// Zones of many rules: far ahead, far behind, halves of hours, daylight saving in both hemispheres.
    private static let sampleZones = [
        "America/Los_Angeles", "America/Sao_Paulo", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe",
        "Europe/Berlin", "Pacific/Kiritimati",
    ]

    private func timeZones() -> [Finding] {
        let missing = Checkup.sampleZones.filter { Zone($0) == nil }
        return [
            missing.isEmpty
                ? .ok("time zones", "This machine knows them.")
                : .problem(
                    "time zones", "This machine does not know \(missing.joined(separator: ", ")): install tzdata.")
        ]
    }

    /// Whether both sides read the same clocks now and half a year from now, across any change to daylight saving.
    private func zones(_ database: Database) async throws -> Finding {
        let moments = [Timestamp.now(), Timestamp.now().adding(seconds: 182 * 86_400)]
        var different: [String] = []
        for name in Checkup.sampleZones {
            guard let zone = TimeZone(identifier: name) else { continue }
            for moment in moments {
                let rows = try await database.read(
                    """
                    select extract(epoch from (\(moment) at time zone z.name) - (\(moment) at time zone 'UTC'))::int as ahead
                    from pg_timezone_names z where z.name = \(name)
                    """)
                let date = Date(timeIntervalSince1970: Double(moment.microseconds) / 1_000_000)
                let ahead = try rows.first?.decode("ahead", as: Int.self)
                if ahead != zone.secondsFromGMT(for: date), !different.contains(name) { different.append(name) }
            }
        }
        return different.isEmpty
            ? .ok("time zone data", "This machine and the database read the same clocks.")
            : .problem(
                "time zone data",
                "This machine and the database disagree on \(different.joined(separator: ", ")): "
                    + "update tzdata on both and restart PostgreSQL.")
    }

    private func disk(of cluster: Cluster) -> [Finding] {
        // What does not exist yet will stand on the disk of the folder above it.
        var path = cluster.directory
        while path != "/", !FileManager.default.fileExists(atPath: path) {
            path = (path as NSString).deletingLastPathComponent
        }
        var found = statvfs()
        guard statvfs(path, &found) == 0 else { return [] }
        let gigabytes = Double(found.f_bavail) * Double(found.f_frsize) / 1_000_000_000
        let shown = String(format: "%.1f", gigabytes)
        return [
            gigabytes >= 1
                ? .ok("disk", "\(shown) GB are free at \(path).")
                : .problem("disk", "Only \(shown) GB are free at \(path): make room, or PostgreSQL will stop.")
        ]
    }
}
