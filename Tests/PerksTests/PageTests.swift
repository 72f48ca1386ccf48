import Foundation
import Testing

@testable import Perks

@Suite struct PageTests {
    private let ids = (0..<5).map { UUID(bits: 1 << UInt128($0 * 25)) }

    private func page(_ ids: [UUID], _ request: PageRequest) -> Page<String> {
        // The items stand for rows; each carries its id as text.
        Page(ids.map(\.uuidString), for: request) { UUID(uuidString: $0) ?? .zero }
    }

    @Test func theFirstPageBeginsAtTheBeginning() throws {
        let request = try PageRequest()
        #expect(request.after == .zero)
        #expect(request.limit == 50)
        #expect(request.rows == 51)
    }

    @Test func aCursorLeadsToTheNextPage() throws {
        let first = page(Array(ids[0..<3]), try PageRequest(limit: 2, filters: "status=active"))
        #expect(first.data == ids[0..<2].map(\.uuidString))
        let cursor = try #require(first.nextCursor)
        #expect(cursor.utf8.allSatisfy { $0.isURLSafe })
        let next = try PageRequest(limit: 2, cursor: cursor, filters: "status=active")
        #expect(next.after == ids[1])
        // Another limit is no other filter.
        #expect(try PageRequest(limit: 7, cursor: cursor, filters: "status=active").after == ids[1])
    }

    @Test func everyIDSurvivesInACursor() throws {
        for id in ids + (0..<100).map({ _ in UUID() }) + [UUID(bits: .max)] {
            let cursor = try #require(page([id, id], try PageRequest(limit: 1)).nextCursor)
            #expect(try PageRequest(cursor: cursor).after == id)
        }
    }

    @Test func theLastPageHasNoCursor() throws {
        let request = try PageRequest(limit: 3)
        #expect(page(Array(ids[0..<3]), request).nextCursor == nil)
        #expect(page(Array(ids[0..<4]), request).nextCursor != nil)
        #expect(page([], request).nextCursor == nil)
        let json = try JSON.encoder.encode(page(Array(ids[0..<1]), request))
        #expect(!String(decoding: json, as: UTF8.self).contains("next_cursor"))
    }

    @Test(arguments: ["", "status=paused", "status=active&q=x", "Status=active"])
    func aCursorOfOtherFiltersIsRefused(filters: String) throws {
        let cursor = try #require(page(ids, try PageRequest(limit: 1, filters: "status=active")).nextCursor)
        let error = try #require(throws: PerksError.self) { try PageRequest(cursor: cursor, filters: filters) }
        #expect(error.code == .invalidCursor)
        #expect(error.detail.contains("other filters"))
    }

    @Test(arguments: [
        "", " ", "0", "next", "AAAA", "🎰", "\u{0}", "====", "A", String(repeating: "A", count: 31),
        String(repeating: "A", count: 33), String(repeating: "A", count: 1_000_000), String(repeating: "?", count: 32),
        "perk_01h455vb4pex5vsknk084sn02q", "00000000-0000-0000-0000-000000000000",
    ])
    func garbageIsRefused(cursor: String) throws {
        let error = try #require(throws: PerksError.self) { try PageRequest(cursor: cursor) }
        #expect(error.code == .invalidCursor)
    }

    @Test(arguments: [Int.min, -1, 0, 201, Int.max]) func otherLimitsAreRefused(limit: Int) throws {
        let error = try #require(throws: PerksError.self) { try PageRequest(limit: limit) }
        #expect(error.code == .invalidRequest)
        #expect(error.violations.map(\.pointer) == ["limit"])
        #expect(error.violations.map(\.code) == ["out_of_range"])
    }

    @Test(arguments: [1, 50, 200]) func limitsUpTo200AreTaken(limit: Int) throws {
        #expect(try PageRequest(limit: limit).limit == limit)
    }
}

extension UInt8 {
    /// Whether a byte may stand in a URL's query as it is (RFC 3986, section 2.3).
    fileprivate var isURLSafe: Bool {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8.contains(self)
    }
}
