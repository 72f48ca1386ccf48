import Foundation
import Glibc
import Logging
import Postgres
import Testing

extension EndToEnd {
    /// The database: migrations from several places, and the private PostgreSQL that stands in for one.
    struct DatabaseTests {
        @Test func fourMigrateAtOnceAndEachEndsWell() async throws {
            let program = try await Program(database: Empty.make())
            let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
                for _ in 1...4 { group.addTask { try await program.run("migrate", "--output", "json") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.allSatisfy { $0.status == 0 }, "\(outcomes.map(\.errors))")
            let applied = outcomes.map { $0.json["applied"].list.count }.sorted()
            #expect(applied.dropLast().allSatisfy { $0 == 0 })
            #expect(applied.last ?? 0 > 0)
            #expect(Set(outcomes.compactMap { $0.json["current"].text }).count == 1)
            #expect(try await program.done("migrate").output.contains("Nothing to do"))
            #expect(try await program.run("doctor").status == 0)
        }

        @Test func withoutASchemaEveryCommandSaysWhatToDo() async throws {
            let program = try await Program(database: Empty.make())
            for words in [["brand", "list"], ["check-in", "x:y", "--brand", "b", "--venue", "v"], ["serve"]] {
                let outcome = try await program.run(words)
                #expect(outcome.status == 6)
                #expect(outcome.errors.contains("Run `perks migrate`"))
            }
            let doctor = try await program.run("doctor", "--output", "json")
            #expect(doctor.status == 7)
            let problems = doctor.json["data"].list.filter { $0["status"].text == "problem" }
            #expect(problems.compactMap { $0["check"].text }.contains("schema"))
        }

        @Test func whatDoesNotAddUpIsFound() async throws {
            let desk = try await Desk.make().program
            try await desk.done("redeem", "twitter:ana_w", "suite-upgrade", "--venue", "las-vegas", "--key", "k1")
            let healthy = try await desk.done("doctor", "--deep", "--output", "json").json["data"].list
            let stock = healthy.first { $0["check"].text == "stock" }
            #expect(stock?["status"].text == "ok")
            #expect(stock?["detail"].text?.contains("2 perks compared") == true)

            let database = Database(
                .init(url: try #require(desk.environment["DATABASE_URL"]), maximumConnections: 1),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await database.session { try $0.script("update perk_stock set remaining = 98") }
            await database.close()
            #expect(try await desk.run("doctor").status == 0)
            let doctor = try await desk.run("doctor", "--deep")
            #expect(doctor.status == 7)
            let problem = doctor.lines.filter { $0.hasPrefix("problem") }
            #expect(problem.count == 1)
            #expect(problem.first?.contains("palms: perk suite-upgrade: the counter says that 98 are left") == true)
            #expect(problem.first?.contains("a stock of 100 less 1 held or redeemed leaves 99") == true)
        }

        @Test(arguments: [false, true]) func aPrivateOneIsMadeFromNothing(ordinaryUser: Bool) async throws {
            var program = try Program()
            if ordinaryUser {
                // As it is without any settings at all: below XDG_DATA_HOME.
                program = try program.with(["PERKS_DATA_DIRECTORY": nil]).asOrdinaryUser()
            }
            let directory = program.directory + "/data/perks"
            try await withPrivateDatabase(of: program) {
                let absent = try await program.done("database", "status", "--output", "json").json
                #expect(absent["status"].text == "absent")
                #expect(absent["directory"].text == directory)
                #expect(try await program.run("doctor").status == 7)

                let made = try await program.done("migrate")
                #expect(made.errors.contains("making a private PostgreSQL in \(directory)"))
                let again = try await program.done("migrate")
                #expect(again.errors.isEmpty)
                try await program.done(
                    "brand", "create", "palms", "--name", "Palms", "--country", "US", "--time-zone", "UTC")
                #expect(try await program.run("doctor").status == 0)

                let running = try await program.done("database", "status", "--output", "json").json
                #expect(running["status"].text == "running")
                #expect(running["uri"].text?.hasPrefix("postgresql://") == true)
                let server = try #require(running["process"].int)
                var owner = stat()
                #expect(stat("/proc/\(server)", &owner) == 0)
                #expect(owner.st_uid != 0, "PostgreSQL must not run as root")

                kill(Int32(server), SIGKILL)
                let found = try await program.done("brand", "show", "palms", "--output", "json").json
                #expect(found["slug"].text == "palms")

                try await program.done("database", "stop")
                let stopped = try await program.done("database", "status", "--output", "json").json
                #expect(stopped["status"].text == "stopped")
                try await program.done("database", "stop")
                let started = try await program.done("brand", "list")
                #expect(started.errors.contains("Starting the private PostgreSQL"))
            }
        }

        @Test func programsThatAreMissingAreNamed() async throws {
            let program = try Program().with(["PERKS_PG_BIN": "/nowhere"])
            let outcome = try await program.run("brand", "list", "--output", "json")
            #expect(outcome.status == 6)
            #expect(outcome.errors.contains("PERKS_PG_BIN"))
        }
    }
}

/// Lends a program's private database and stops it afterwards.
func withPrivateDatabase(of program: Program, _ body: () async throws -> Void) async throws {
    do {
        try await body()
        try await program.run("database", "stop")
    } catch {
        try await program.run("database", "stop")
        throw error
    }
}
