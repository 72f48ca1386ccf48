import Foundation
import Logging
import Perks
import Postgres

/// What the tables say at one moment, read past the server and behind no policy.
struct Tables: Sendable {
    /// A unit, and what it was handed out for.
    struct Unit: Sendable {
        let perk: String
        let guest: String
        let status: String
        let keys: [String]

        fileprivate init(_ row: Row) throws {
            perk = try row["perk"]
            guest = try row["guest"]
            status = try row["status"]
            keys = try row["keys"]
        }
    }

    let units: [UUID: Unit]
    /// Every key that is bound, to whatever.
    let keys: Set<String>
    /// How often the audit log says that a unit was taken back.
    let reversals: [UUID: Int]

    /// Reads them from the database at an address.
    static func read(_ url: String) async throws -> Tables {
        let logger = Logger(label: "torture") { _ in SwiftLogNoOpLogHandler() }
        let database = Database(.init(url: url, maximumConnections: 1), logger: logger)
        let tables = try await database.transaction(readOnly: true) { connection in
            var units: [UUID: Unit] = [:]
            let claims = try connection.query(
                """
                select c.id, p.slug as perk, coalesce(i.network || ':' || i.handle, 'nobody') as guest, c.status,
                    array(select k.key from idempotency_key k where k.brand_id = c.brand_id and k.claim_id = c.id) as keys
                from claim c
                join perk p on p.brand_id = c.brand_id and p.id = c.perk_id
                left join identity i on i.guest_id = c.guest_id
                """)
            for row in claims { units[try row["id"]] = try Unit(row) }
            var keys: Set<String> = []
            for row in try connection.query("select key from idempotency_key") { keys.insert(try row["key"]) }
            var reversals: [UUID: Int] = [:]
            let events = try connection.query(
                """
                select object, count(*) as number from audit_event
                where action = 'redemption.reverse' and object is not null group by object
                """)
            for row in events {
                guard let id = TypeID(try row["object"]) else { continue }
                reversals[id.uuid] = try row["number"]
            }
            return Tables(units: units, keys: keys, reversals: reversals)
        }
        await database.close()
        return tables
    }
}
