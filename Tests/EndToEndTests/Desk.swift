import Foundation
import Glibc
import TestDatabase
import Testing

/// A brand with a venue, guests and a running campaign, made through the program itself.
struct Desk: Sendable {
    let program: Program

    /// A copy of the database that was prepared once a test run.
    static func make() async throws -> Desk {
        let uri = try await TestDatabase.clone(of: "desk") { uri in
            try await Desk(program: Program(database: uri)).prepare()
        }
        return Desk(program: try Program(database: uri).with(["PERKS_BRAND": "palms"]))
    }

    /// A copy with a key of a manager's.
    static func staffed() async throws -> (desk: Program, key: String) {
        let desk = try await make().program
        return (desk, try await desk.manager())
    }

    /// An empty database with this version's schema.
    static func migrated() async throws -> Program {
        let uri = try await TestDatabase.clone(of: "migrated_end_to_end") { uri in
            try await Program(database: uri).done("migrate")
        }
        return try Program(database: uri)
    }

    /// How many guests there are that qualify and have no other part to play.
    static let crowd = 300

    /// Sets everything up in an empty database.
    func prepare() async throws {
        try program.write(Desk.topics, to: "topics.csv")
        try program.write(Desk.edges, to: "edges.csv")
        try program.write(Desk.guests, to: "guests.csv")
        try await program.done("migrate")
        try await program.done(
            "brand", "create", "palms", "--name", "Palms Casino Resort", "--country", "US", "--time-zone",
            "America/Los_Angeles", "--minimum-age", "21")
        let desk = program.with(["PERKS_BRAND": "palms"])
        try await desk.done("venue", "create", "las-vegas", "--name", "Las Vegas", "--region", "NV")
        try await desk.done("topic", "import", "topics.csv", "--edges", "edges.csv")
        try await desk.done("guest", "import", "guests.csv")
        try await desk.done(
            "campaign", "create", "opening-night", "--name", "Opening night", "--category", "gambling", "--starts",
            "2020-01-01", "--ends", "2099-12-31", "--rule", "country in (US, CA)", "--landing-url",
            "https://palms.example/opening")
        try await desk.done(
            "perk", "create", "suite-upgrade", "--campaign", "opening-night", "--name", "Suite upgrade", "--benefit",
            "upgrade:suite", "--min-score", "60", "--topic", "gaming", "--min-age", "21", "--stock", "100",
            "--per-guest", "1")
        try await desk.done(
            "perk", "create", "welcome-drink", "--campaign", "opening-night", "--name", "Welcome drink", "--benefit",
            "free_item:espresso")
        try await desk.done("campaign", "status", "opening-night", "active")
    }

    static let topics = """
        "topicId","topicSlug","topicDisplayName","wikiItemId","freebaseMachineId"
        12000000000000000001,"gaming","Gaming","",""
        12000000000000000002,"casinos","Casinos","",""
        7003,"coffee","Coffee","",""
        7004,"tea","Tea","",""

        """

    static let edges = """
        "parentTopicId","parrentTopicSlug","childTopicId","childTopicSlug"
        0,"_ROOT_",0,"_ROOT_"
        0,"_ROOT_",12000000000000000001,"gaming"
        0,"_ROOT_",7003,"coffee"
        12000000000000000001,"gaming",12000000000000000002,"casinos"
        9999,"hot-drinks",7003,"coffee"
        9999,"hot-drinks",7004,"tea"

        """

    /// Somebody who qualifies, some who do not, each for one reason, and a crowd that does.
    static var guests: String {
        let year = Calendar(identifier: .gregorian).component(.year, from: Date())
        let heroes = [
            "twitter,ana_w,Ana 王芳,true,1988-03-14,female,US,NV,Las Vegas,en,77.69,m,2026-01-01T00:00:00Z,900,casinos:81.5",
            "twitter,ben,Ben Núñez,true,1990-01-01,male,US,CA,Los Angeles,es,58.24,m,2026-01-01T00:00:00Z,100,casinos:40",
            "instagram,mia,Mia 🎰,true,\(year - 15)-01-01,female,US,NV,Reno,en,90,m,2026-01-01T00:00:00Z,9,casinos:90",
            "linkedin,joao,João,false,,male,US,NY,New York,pt,66.9,m,2026-01-01T00:00:00Z,50,casinos:50",
            "twitter,kim,Kim,false,1980-02-29,,KR,11,Seoul,ko,80,m,2026-01-01T00:00:00Z,50,casinos:50",
        ]
        let crowd = (1...Desk.crowd).map { number in
            "email,g\(number)@example.com,Guest \(number),,1980-05-05,,CA,ON,Toronto,en,70,m,2026-01-01T00:00:00Z,1,gaming:30"
        }
        return ([Desk.guestColumns] + heroes + crowd).joined(separator: "\n") + "\n"
    }

    static let guestColumns = """
        network,handle,display_name,verified,birth_date,gender,country,region,city,language,score,score_model,\
        score_measured_at,reach,topics
        """
}

extension Program {
    /// Makes a key of a manager's.
    func manager() async throws -> String {
        let key = try await done("key", "create", "--role", "manager", "--label", "test", "-o", "json").json
        return try #require(key["secret"].text)
    }

    /// Stops its private database, or kills it.
    func stopDatabase(politely: Bool) async throws {
        guard !politely else {
            try await done("database", "stop")
            return
        }
        let status = try await done("database", "status", "-o", "json").json
        kill(Int32(try #require(status["process"].int)), SIGKILL)
    }
}
