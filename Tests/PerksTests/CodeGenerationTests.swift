import Postgres
import Testing

@testable import Perks

@Suite struct CodeGenerationTests {
    @Test func exactlySoManyAreMade() async throws {
        let palms = try await Palms.beforeCodes()
        let outcome = try await palms.generate("PALMS-####-###", 5000)
        #expect((outcome.accepted, outcome.duplicate, outcome.refusedCount) == (5000, 0, 0))
        #expect(outcome.duplicateLines.isEmpty)
        let pattern = try CodePattern("PALMS-####-###")
        #expect(try await palms.codes().allSatisfy { pattern.isValid($0.code) })
        try await palms.expectNoGaps(codes: 5000)
        #expect(try await palms.count("select count(*) from audit_event where action = 'code.generate'") == 1)
        await palms.close()
    }

    @Test func whatIsKnownIsReplaced() async throws {
        let palms = try await Palms.beforeCodes()
        try await palms.importCodes("A\nB")
        // As if chance had made codes that there are, and one of them twice.
        let outcome = try await CodeImport(palms.backend, as: palms.owner, at: Palms.now).run(
            stream("A\nX\nX\nB"), for: .slug("suite-upgrade"),
            replacingDuplicatesBy: CodeGeneration(pattern: "#######", count: 4))
        #expect((outcome.accepted, outcome.duplicate) == (4, 0))
        let codes = try await palms.codes().map(\.code)
        #expect(Array(codes.prefix(3)) == ["A", "B", "X"])
        let pattern = try CodePattern("#######")
        #expect(codes.dropFirst(3).count { pattern.isValid($0) } == 3)
        try await palms.expectNoGaps(codes: 6)
        await palms.close()
    }

    @Test func whatCannotBeMadeIsRefused() async throws {
        let palms = try await Palms.beforeCodes()
        for (pattern, count, pointer) in [
            ("######", 1, "/pattern"), ("#######", 729_001, "/pattern"), ("########", 0, "/count"),
            ("##########", 1_000_001, "/count"), ("##########", Int.max, "/count"),
        ] {
            let error = await #expect(throws: PerksError.self) { try await palms.generate(pattern, count) }
            #expect(error?.code == .invalidRequest)
            #expect(error?.violations.map(\.pointer) == [pointer], "\(pattern) \(count)")
        }
        #expect(try await palms.count("select count(*) from code") == 0)
        await palms.close()
    }
}
