import Postgres
import Synchronization
import Testing

@testable import Perks

@Suite struct CodeTests {
    @Test(arguments: [1, 3, 1000]) func codesAreTakenInTheOrderOfTheFile(chunk: Int) async throws {
        let palms = try await Palms.beforeCodes()
        // A byte order mark, Windows' line ends, blank lines, quotes, and no line end at the end.
        let file = "\u{FEFF}code\r\n B-1 \r\n\r\n   \r\n\"A,2\"\r\ne\u{301}t\u{E9}\r\n\t汉字🎰\u{A0}\r\ncode"
        let outcome = try await palms.importCodes(file, chunk: chunk)
        #expect((outcome.accepted, outcome.duplicate, outcome.refusedCount) == (5, 0, 0))
        let codes = try await palms.codes()
        #expect(codes.map(\.code.unicodeScalars.count) == [3, 3, 3, 3, 4])
        #expect(codes.map(\.code) == ["B-1", "A,2", "été", "汉字🎰", "code"])
        #expect(codes.map(\.position) == Array(1...5))
        #expect(codes.allSatisfy { $0.status == .available && $0.redemption == nil })
        try await palms.importCodes("Z\nY")
        #expect(try await palms.codes().suffix(2).map(\.code) == ["Z", "Y"])
        #expect(try await palms.pool() == CodePool(total: 7, taken: 0, reserved: 0))
        #expect(try await palms.count("select count(*) from audit_event where action = 'code.import'") == 2)
        await palms.close()
    }

    @Test func badRowsAreNamedAndTheOthersTaken() async throws {
        let palms = try await Palms.beforeCodes()
        let rows = [
            "fine", "two words", "tab\there", "a,b", "\"open", String(repeating: "x", count: 65), "zero\u{200B}width",
            "bell\u{7}", "no\u{A0}break", "null\u{0}", String(repeating: "é", count: 64), "last",
        ]
        let outcome = try await palms.importCodes(rows.joined(separator: "\n"))
        #expect(outcome.accepted == 3)
        #expect(outcome.refusedCount == 9)
        #expect(outcome.refused.map(\.line) == [2, 3, 4, 5, 6, 7, 8, 9, 10])
        #expect(outcome.refused.allSatisfy { $0.reason.hasSuffix(".") })
        #expect(outcome.refused[4].reason.contains("has 65"))
        #expect(try await palms.codes().map(\.code) == ["fine", String(repeating: "é", count: 64), "last"])
        await palms.close()
    }

    @Test func bytesThatAreNoUnicodeAreRefused() async throws {
        let palms = try await Palms.beforeCodes()
        let chunks = AsyncStream<[UInt8]> { continuation in
            continuation.yield([0x41, 0x0A, 0xFF, 0xFE, 0x0A, 0x42])
            continuation.finish()
        }
        let outcome = try await CodeImport(palms.backend, as: palms.owner, at: Palms.now)
            .run(chunks, for: .slug("suite-upgrade"))
        #expect((outcome.accepted, outcome.refused.map(\.line)) == (2, [2]))
        await palms.close()
    }

    @Test func noMoreThanAThousandAreListed() async throws {
        let palms = try await Palms.beforeCodes()
        let rows = (0..<1500).flatMap { ["twice", "bad \($0)"] }
        let outcome = try await palms.importCodes(rows.joined(separator: "\n"))
        #expect((outcome.accepted, outcome.duplicate, outcome.refusedCount) == (1, 1499, 1500))
        #expect(outcome.refused.count == 1000)
        #expect(outcome.duplicateLines == (1...1000).map { $0 * 2 + 1 })
        await palms.close()
    }

    @Test func whatIsKnownChangesNothing() async throws {
        let palms = try await Palms.beforeCodes()
        try await palms.makePerk("voucher")
        try await palms.importCodes("A\nB\nC")
        let revision: Query = "select catalogue_revision as count from brand"
        let before = try await palms.count(revision)
        let again = try await palms.importCodes("code\nC\nB\nA\nB\n")
        #expect((again.accepted, again.duplicate, again.refusedCount) == (0, 4, 0))
        #expect(again.duplicateLines == [2, 3, 4, 5])
        #expect(try await palms.count(revision) == before)
        // A code belongs to one perk of the brand, and case matters.
        let mixed = try await palms.importCodes("B\nD\na\nD", for: "voucher")
        #expect((mixed.accepted, mixed.duplicate, mixed.duplicateLines) == (2, 2, [1, 4]))
        #expect(try await palms.codes("voucher").map(\.code) == ["D", "a"])
        #expect(try await palms.codes().map(\.code) == ["A", "B", "C"])
        #expect(try await palms.count(revision) == before + 1)
        // Composed or not, it is the same text.
        try await palms.importCodes("\u{E9}")
        #expect(try await palms.importCodes("e\u{301}").duplicate == 1)
        await palms.close()
    }

    @Test(arguments: ["", "code", "code\n", "\n\n", "\u{FEFF}", "two words"])
    func aFileWithoutCodesMakesNoPool(file: String) async throws {
        let palms = try await Palms.beforeCodes()
        #expect(try await palms.importCodes(file).accepted == 0)
        #expect(try await refusal { _ = try await palms.pool() } == .notFound)
        #expect(try await palms.codes().isEmpty)
        await palms.close()
    }

    @Test func aBrokenStreamKeepsNothing() async throws {
        struct Interruption: Error {}
        let palms = try await Palms.beforeCodes()
        let broken = Mutex(0)
        let chunks = AsyncThrowingStream<[UInt8], any Error> {
            let round = broken.withLock { round in
                round += 1
                return round
            }
            guard round < 20 else { throw Interruption() }
            return Array((0..<1000).map { "C\(round)-\($0)\n" }.joined().utf8)
        }
        await #expect(throws: Interruption.self) {
            try await CodeImport(palms.backend, as: palms.owner, at: Palms.now).run(chunks, for: .slug("suite-upgrade"))
        }
        #expect(try await palms.count("select count(*) from code") == 0)
        #expect(try await palms.count("select count(*) from code_pool") == 0)
        #expect(try await palms.count("select count(*) from audit_event where action = 'code.import'") == 0)
        await palms.close()
    }

    @Test func importsAtOnceLeaveNoGapsAndNoCollisions() async throws {
        let palms = try await Palms.beforeCodes()
        try await palms.makePerk("voucher")
        let outcomes = try await withThrowingTaskGroup(of: CodeImport.Outcome.self) { group in
            for number in 0..<6 {
                // Every code is in two files, of different perks.
                let codes = (number / 2 * 400..<number / 2 * 400 + 800).map { "C\($0)" }.shuffled()
                let perk = number % 2 == 0 ? "suite-upgrade" : "voucher"
                group.addTask { try await palms.importCodes(codes.joined(separator: "\n"), for: perk) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.reduce(0) { $0 + $1.accepted } == 1600)
        #expect(outcomes.reduce(0) { $0 + $1.accepted + $1.duplicate } == 4800)
        try await palms.expectNoGaps(codes: 1600)
        await palms.close()
    }

    @Test func redemptionsGoOnWhileAnImportWrites() async throws {
        struct Undone: Error {}
        let palms = try await Palms.beforeCodes()
        try await palms.importCrowd(1)
        try await palms.importCodes("A\nB")
        let (perk, brand) = try await palms.perkAndBrand()
        let (begun, blocked) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let isRedeemed = Mutex(false)
        async let outcome: CodeImport.Outcome = {
            for await _ in begun.stream { break }
            return try await palms.importCodes("C\nD")
        }()
        async let pool: CodePool = {
            for await _ in blocked.stream { break }
            defer { isRedeemed.withLock { $0 = true } }
            _ = try await palms.redeem("net:g0", key: "1")
            return try await palms.pool()
        }()
        await #expect(throws: Undone.self) {
            try await palms.backend.transaction(as: palms.owner) { connection in
                // The import has to wait for what becomes of this code, in the middle of its own.
                try connection.execute(
                    "insert into code (brand_id, perk_id, position, code) values (\(brand), \(perk), 99, 'D')")
                begun.continuation.yield()
                try connection.spin { try $0.isWaitedFor() }
                blocked.continuation.yield()
                try connection.spin { connection in
                    try connection.query("select")
                    return isRedeemed.withLock { $0 }
                }
                throw Undone()
            }
        }
        let total = try await pool.total
        #expect(total == 2)
        let accepted = try await outcome.accepted
        #expect(accepted == 2)
        try await palms.expectNoGaps(codes: 4)
        await palms.close()
    }

    @Test func brandsDoNotMeet() async throws {
        let palms = try await Palms.beforeCodes()
        let other = try await palms.another(brand: "bellagio")
        try await palms.importCodes("A\nB")
        for work in [
            { _ = try await other.importCodes("C") }, { _ = try await other.codes() }, { _ = try await other.pool() },
            { _ = try await other.generate("#######", 1) },
        ] as [@Sendable () async throws -> Void] {
            #expect(try await refusal(work) == .perkNotFound)
        }
        try await other.makeCampaign()
        try await other.makePerk()
        #expect(try await other.importCodes("B\nA").accepted == 2)
        #expect(try await other.codes().map(\.code) == ["B", "A"])
        #expect(try await palms.codes().map(\.code) == ["A", "B"])
        await palms.close()
    }
}
