import Eligibility
import Foundation
import Perks
import Postgres
import Testing

@Suite struct GuestScoreTests {
    /// Newest first.
    private static let history = [
        (50, "b", "2026-07-01", true), (61, "a", "2026-07-01", false), (60, "a", "2026-06-01", true),
        (40, "", "1969-05-01", false), (30, "", "1969-04-01", false),
    ]

    @Test(arguments: [1, 2, 3, 50])
    func theHistoryIsReadPageByPage(limit: Int) async throws {
        let palms = try await Palms()
        for (index, entry) in Self.history.enumerated() {
            try await palms.importGuests(
                """
                network,handle,score,score_model,score_measured_at
                net,ana,\(entry.0),\(entry.1),\(entry.2)T00:00:00Z
                """, at: Palms.now.adding(seconds: -index))
        }
        var (scores, cursor): ([Guest.PastScore], String?) = ([], nil)
        repeat {
            let page = try await self.scores(of: "net:ana", limit, cursor, as: palms.platform, palms)
            scores += page.data
            cursor = page.nextCursor
        } while cursor != nil && scores.count < 10
        #expect(scores.map(\.value) == Self.history.map { Decimal($0.0) })
        #expect(scores.map { $0.model ?? "" } == Self.history.map(\.1))
        #expect(scores.map(\.measuredAt) == Self.history.map { moment("\($0.2)T00:00:00Z") })
        #expect(scores.map(\.modelChanged) == Self.history.map(\.3))
        #expect(scores[0].recordedAt == Palms.now)
        await palms.close()
    }

    @Test func staffReadTheHistoryOfThoseTheyMayRead() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        #expect(
            try await refusal { _ = try await scores(of: "net:g0", 50, nil, as: palms.owner, palms) } == .guestNotFound)
        _ = try await palms.checkIn("net:g0")
        #expect(try await scores(of: "net:g0", 50, nil, as: palms.owner, palms).data.count == 1)
        try await palms.optOut("net:g0")
        #expect(
            try await refusal { _ = try await scores(of: "net:g0", 50, nil, as: palms.owner, palms) } == .guestNotFound)
        await palms.close()
    }

    private func scores(
        of guest: String, _ limit: Int, _ cursor: String?, as principal: Principal, _ palms: Palms
    ) async throws -> Page<Guest.PastScore> {
        let (reference, page) = (try GuestReference(guest), try PageRequest(limit: limit, cursor: cursor))
        return try await palms.backend.transaction(as: principal, readOnly: true) { connection in
            try Guest.scores(page, of: reference, as: principal, in: connection)
        }
    }
}
