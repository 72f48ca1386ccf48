import Eligibility
import Testing

@Suite struct AgeGateTests {
    @Test(arguments: [
        // minimum, requires an ID, birth date or nothing, source, decision
        (21, false, "2005-11-21", AgeGate.AgeSource.stated, AgeGate.Decision.passes),
        (21, false, "2005-11-22", .stated, .tooYoung), (21, false, "", .stated, .unknown),
        (21, false, "1960-01-01", .unknown, .unknown), (21, true, "1960-01-01", .stated, .unknown),
        (21, true, "1960-01-01", .verified, .passes), (21, true, "2011-01-01", .stated, .tooYoung),
        (21, true, "2011-01-01", .verified, .tooYoung), (0, false, "2009-01-01", .verified, .tooYoung),
        (0, false, "2008-11-21", .verified, .passes), (0, false, "2008-11-22", .verified, .tooYoung),
    ])
    func decides(
        minimum: Int, requiresID: Bool, birth: String, source: AgeGate.AgeSource, decision: AgeGate.Decision
    ) throws {
        let today = try #require(LocalDate("2026-11-21"))
        let gate = AgeGate(minimum: minimum, requiresID: requiresID)
        #expect(gate.decide(birthDate: LocalDate(birth), source: source, on: today) == decision)
    }

    @Test func isNeverBelowEighteen() {
        #expect(AgeGate(minimum: 13, requiresID: false).minimum == 18)
        #expect(AgeGate(minimum: 21, requiresID: false).minimum == 21)
    }
}
