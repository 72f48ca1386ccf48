import Foundation
import Testing

@testable import Perks

@Suite struct CodePoolTests {
    @Test func aListSaysWhatBecameOfEach() async throws {
        let palms = try await Palms.beforeCodes()
        try await palms.importCrowd(3)
        var redemptions: [ID<Redemption>] = []
        for number in 0..<3 {
            redemptions.append(try await palms.redeem("net:g\(number)", key: "\(number)").answer.id)
        }
        try await palms.importCodes((1...7).map { "C\($0)" }.joined(separator: "\n"))
        try await palms.handOut(redemptions)
        _ = try await palms.reverse(redemptions[1])
        let codes = try await palms.codes()
        #expect(codes.map(\.status) == [.given, .burnt, .given] + Array(repeating: .available, count: 4))
        #expect(codes.map(\.redemption) == redemptions + [nil, nil, nil, nil])
        for status in Code.Status.allCases {
            #expect(try await palms.codes(status: status) == codes.filter { $0.status == status }, "\(status)")
        }
        #expect(try await palms.pool() == CodePool(total: 7, taken: 3, reserved: 0))
        await palms.close()
    }

    @Test func redemptionsTakeCodesInTheirOrder() async throws {
        let palms = try await Palms.beforeCodes()
        try await palms.importCrowd(3)
        try await palms.importCodes("A\nB")
        let first = try await palms.redeem("net:g0", key: "1").answer
        let second = try await palms.redeem("net:g1", key: "2").answer
        #expect([first.code, second.code] == ["A", "B"])
        _ = try await palms.reverse(first.id)
        #expect(try await palms.codes().map(\.status) == [.burnt, .given])
        #expect(try await refusal { _ = try await palms.redeem("net:g2", key: "3") } == .codesExhausted)
        try await palms.importCodes("C")
        let third = try await palms.redeem("net:g2", key: "4").answer
        #expect(third.code == "C")
        let pool = try await palms.pool()
        #expect(pool == CodePool(total: 3, taken: 3, reserved: 0))
        await palms.close()
    }

    @Test func pagesFollowOneAnother() async throws {
        let palms = try await Palms.beforeCodes()
        try await palms.importCodes((1...450).map { "C\($0)" }.joined(separator: "\n"))
        var (cursor, seen): (String?, [Int]) = (nil, [])
        repeat {
            let page = try PageRequest(limit: 200, cursor: cursor)
            let part = try await palms.backend.transaction(as: palms.owner) {
                try Code.list(page, of: .slug("suite-upgrade"), as: palms.owner, in: $0)
            }
            seen += part.data.map(\.position)
            cursor = part.nextCursor
        } while cursor != nil
        #expect(seen == Array(1...450))
        await palms.close()
    }

    @Test(
        arguments: [
            (11, 10, 100, .low), (12, 11, 100, nil), (10, 9, 100, nil), (50, 3, 100, .low), (11, 0, 100, .exhausted),
            (1, 0, 100, .exhausted), (0, 0, 100, nil), (9, 11, 100, nil), (0, 5, 100, nil), (100, 99, 100, nil),
            (2, 1, 19, .low), (2, 1, 20, nil), (3, 2, 20, .low), (2, 1, 10, .low), (2, 1, 9, nil),
            (1, 0, 5, .exhausted),
        ] as [(Int, Int, Int, CodePool.Alarm?)])
    func anAlarmIsRaisedOnce(before: Int, after: Int, total: Int, expected: CodePool.Alarm?) {
        #expect(CodePool.Alarm(leftBefore: before, leftAfter: after, total: total) == expected)
    }

    @Test func anAlarmIsAnEventOfTheBrand() async throws {
        let palms = try await Palms.beforeCodes()
        let (perk, _) = try await palms.perkAndBrand()
        try await palms.backend.transaction(as: palms.clerk) { connection in
            for left in (0..<30).reversed() {
                try CodePool.recordIfLow(
                    of: perk, slug: "suite-upgrade", leftBefore: left + 1, leftAfter: left, total: 30,
                    as: palms.clerk, at: Palms.now, in: connection)
            }
        }
        let events = try await palms.backend.transaction(as: palms.owner) {
            try AuditEvent.list(PageRequest(), as: palms.owner, in: $0)
        }.data.filter { $0.action.hasPrefix("code_pool.") }
        #expect(Set(events.map(\.action)) == ["code_pool.low", "code_pool.exhausted"])
        #expect(events.count == 2)
        let low = try #require(events.first { $0.action == "code_pool.low" })
        #expect(low.object == perk.description)
        #expect(low.details == .object(["perk": .string("suite-upgrade"), "left": .number(3), "total": .number(30)]))
        await palms.close()
    }
}
