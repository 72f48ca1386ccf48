import Foundation
import Glibc
import Postgres
import TestDatabase

/// A brand with perks of every kind on a PostgreSQL of its own, and the server in front of it with the proxy between them.
struct Stage: Sendable {
    /// A perk and how it is limited, as the run checks it.
    struct Perk: Sendable {
        let slug: String
        /// How often it is asked for, next to the others.
        let weight: Int
        var stock: Int?
    }

    let folder: String
    let cluster: Cluster
    let proxy: Proxy
    let server: Server
    let history: History
    /// The program at the database itself, past the proxy.
    let program: Program
    let perks: [Perk]
    let hasHolds: Bool
    let hasReversalKeys: Bool
    /// How many guests each client has.
    let guests: Int

    /// Makes everything; what the run needs for longer takes more guests.
    static func make(clients: Int, guests: Int) async throws -> Stage {
        let folder = "/tmp/perks-torture-\(UUID().uuidString.prefix(8).lowercased())"
        guard mkdir(folder, 0o755) == 0 else { throw Failure("\(folder) cannot be made.") }
        let cluster = try await TestDatabase.cluster(durable: true)
        let uri = try await cluster.start()
        guard let host = URLComponents(string: uri)?.queryItems?.first(where: { $0.name == "host" })?.value,
            let proxy = Proxy(at: folder + "/.s.PGSQL.5432", to: host + "/.s.PGSQL.5432")
        else { throw Failure("The proxy cannot listen in \(folder).") }
        let program = Program(folder: folder, database: uri)
        var perks = try await prepare(program, clients: clients, guests: guests)
        let key = try await program.done("key", "create", "--role", "manager", "--label", "torture", "-o", "json")
        guard let secret = Answer(status: 200, body: key, isReplay: false).text("secret") else {
            throw Failure("perks key create showed no secret.")
        }
        let server = try Server(
            program.with(database: "postgresql:///perks?host=\(folder)&user=postgres"), key: secret,
            log: folder + "/server.log")
        try await server.start()
        try await server.becomeReady()
        if let voucher = try await prepareCodes(program) { perks.append(voucher) }
        let paths = try await server.get("/openapi.json").body
        return Stage(
            folder: folder, cluster: cluster, proxy: proxy, server: server,
            history: try History(path: folder + "/history.txt"), program: program, perks: perks,
            hasHolds: paths.contains(#""/v1/holds""#), hasReversalKeys: takesKeys("reversal", in: paths), guests: guests
        )
    }

    static func guest(_ number: Int, of client: Int) -> String { "net:c\(client)-\(number)" }

    private static func prepare(_ program: Program, clients: Int, guests: Int) async throws -> [Perk] {
        try await program.done("migrate")
        try await program.done(
            "brand", "create", "torture", "--name", "Torture", "--country", "US", "--time-zone", "America/Los_Angeles")
        try await program.done("venue", "create", "desk", "--name", "Desk", "--region", "NV")
        let rows = (0..<clients).flatMap { client in
            (0..<guests).map { "net,c\(client)-\($0),1980-01-01,US,70" }
        }
        try Data((["network,handle,birth_date,country,score"] + rows).joined(separator: "\n").utf8)
            .write(to: URL(fileURLWithPath: program.folder + "/guests.csv"))
        try await program.done("guest", "import", "guests.csv")
        try await program.done("campaign", "create", "open", "--name", "Open")
        try await program.done(
            "campaign", "create", "budgeted", "--name", "Budgeted", "--budget", "30000:USD", "--max-redemptions", "80")
        func perk(_ slug: String, in campaign: String = "open", _ words: String...) async throws {
            let benefit = ["--name", slug, "--benefit", "free_item:\(slug)"]
            try await program.done(["perk", "create", slug, "--campaign", campaign] + benefit + words)
        }
        try await perk("hot", "--stock", "100")
        try await perk("uncapped", "--per-guest", "2/day")
        // Holds of it expire while a longer run goes on.
        try await perk("thousand", "--stock", "1000", "--per-guest", "2/day", "--hold-minutes", "1")
        try await perk("gold", "--group", "welcome", "--rank", "1")
        try await perk("silver", "--group", "welcome", "--rank", "2")
        try await perk("lunch", in: "budgeted", "--cost", "300")
        try await perk("dinner", in: "budgeted", "--cost", "400", "--stock", "70")
        try await program.done("campaign", "status", "open", "active")
        try await program.done("campaign", "status", "budgeted", "active")
        return [
            Perk(slug: "hot", weight: 3, stock: 100), Perk(slug: "uncapped", weight: 3),
            Perk(slug: "thousand", weight: 3, stock: 1000), Perk(slug: "gold", weight: 1),
            Perk(slug: "silver", weight: 1), Perk(slug: "lunch", weight: 1), Perk(slug: "dinner", weight: 1, stock: 70),
        ]
    }

    /// A perk that hands out codes, where this version has such.
    private static func prepareCodes(_ program: Program) async throws -> Perk? {
        guard try await program.run(["code", "import", "--help"]).output.contains("USAGE: perks code import") else {
            return nil
        }
        try await program.done(
            "perk", "create", "voucher", "--campaign", "open", "--name", "Voucher", "--benefit", "percent_off:15")
        try Data((1...300).map { "CODE-\($0)\n" }.joined().utf8)
            .write(to: URL(fileURLWithPath: program.folder + "/codes.csv"))
        try await program.done("code", "import", "voucher", "codes.csv")
        return Perk(slug: "voucher", weight: 2)
    }

    /// Whether the request that ends with this word may carry an Idempotency-Key.
    private static func takesKeys(_ word: String, in document: String) -> Bool {
        let top = try? JSONSerialization.jsonObject(with: Data(document.utf8)) as? [String: Any]
        let paths = top?["paths"] as? [String: Any] ?? [:]
        guard let path = paths.first(where: { $0.key.hasSuffix("/" + word) })?.value as? [String: Any],
            let parameters = (path["post"] as? [String: Any])?["parameters"] as? [[String: Any]]
        else { return false }
        return parameters.contains {
            ($0["name"] as? String)?.lowercased() == "idempotency-key"
                || ($0["$ref"] as? String)?.lowercased().contains("idempotency") == true
        }
    }

    /// Ends everything; the folder stays.
    func close() async throws {
        try await server.close()
        try await cluster.stop(.immediate)
    }
}
