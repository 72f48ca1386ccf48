import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct IDTests {
    private struct Valid: Decodable {
        let name: String
        let typeid: String
        let prefix: String
        let uuid: UUID
    }

    private struct Invalid: Decodable {
        let name: String
        let typeid: String
    }

    private func vectors<Vector: Decodable>(_ file: String) throws -> [Vector] {
        let data = try Data(contentsOf: sharedData.appendingPathComponent("typeid/\(file).json"))
        return try JSONDecoder().decode([Vector].self, from: data)
    }

    @Test(.enabled(if: hasSharedData, "The TypeID vectors are not at hand."))
    func validVectorsAreReadAndWritten() throws {
        let valid: [Valid] = try vectors("valid")
        #expect(valid.count >= 9)
        for vector in valid {
            let typeID = TypeID(vector.typeid)
            #expect(typeID == TypeID(prefix: vector.prefix, uuid: vector.uuid), "\(vector.name)")
            #expect(typeID?.description == vector.typeid, "\(vector.name)")
        }
    }

    @Test(.enabled(if: hasSharedData, "The TypeID vectors are not at hand."))
    func invalidVectorsAreRefused() throws {
        let invalid: [Invalid] = try vectors("invalid")
        #expect(invalid.count >= 21)
        for vector in invalid {
            #expect(TypeID(vector.typeid) == nil, "\(vector.name)")
        }
    }

    @Test(arguments: [
        "", "campaign", "campaign_", "01h455vb4pex5vsknk084sn02q", "_01h455vb4pex5vsknk084sn02q",
        "perk_01h455vb4pex5vsknk084sn02q", "Campaign_01h455vb4pex5vsknk084sn02q", "campaign-01h455vb4pex5vsknk084sn02q",
        "campaign_01H455VB4PEX5VSKNK084SN02Q", "campaign_01h455vb4pex5vsknk084sn02",
        "campaign_81h455vb4pex5vsknk084sn02q",
        "campaign_01h455vb4pex5vsknk084sn02q\n", " campaign_01h455vb4pex5vsknk084sn02q",
        "campaign_campaign_01h455vb4pex5vsknk084sn02q", "campaign_01h455vb4pex5vsknk084sn02é",
        "campaign_01h455vb4pex5vsknk084sn02\u{0}", "01890a5d-ac96-774b-bcce-b302099a8057",
    ])
    func otherTextIsNoCampaign(text: String) {
        #expect(ID<Campaign>(text) == nil)
    }

    @Test func kindsDoNotMix() throws {
        let uuid = try #require(UUID(uuidString: "01890a5d-ac96-774b-bcce-b302099a8057"))
        let perk = ID<Perk>(uuid)
        #expect(perk.description == "perk_01h455vb4pex5vsknk084sn02q")
        #expect(ID<Perk>(perk.description) == perk)
        #expect(ID<Venue>(perk.description) == nil)
        let checkIn = ID<CheckIn>(uuid)
        #expect(checkIn.description == "check_in_01h455vb4pex5vsknk084sn02q")
        #expect(ID<CheckIn>(checkIn.description) == checkIn)
        let json = try JSON.encoder.encode([perk])
        #expect(String(decoding: json, as: UTF8.self) == "[\"perk_01h455vb4pex5vsknk084sn02q\"]")
        #expect(try JSON.decoder.decode([ID<Perk>].self, from: json) == [perk])
        #expect(throws: DecodingError.self) { try JSON.decoder.decode([ID<Venue>].self, from: json) }
    }

    @Test func aReferenceIsAnIDOrASlug() throws {
        let perk = ID<Perk>(at: Palms.now)
        #expect(Reference<Perk>(perk.description) == .id(perk))
        #expect(Reference<Perk>("suite-upgrade") == .slug("suite-upgrade"))
        #expect(Reference<Perk>(String(repeating: "a", count: 63)) != nil)
        for text in [
            "", ID<Venue>(perk.uuid).description, "Suite", "a b", "a_b", "é", String(repeating: "a", count: 64),
        ] {
            #expect(Reference<Perk>(text) == nil, "\(text)")
        }
    }

    /// The moment is that of the example in RFC 9562, appendix A.6.
    @Test func theFirstBitsAreTheMillisecond() {
        let text = ID<Campaign>(at: moment("2022-02-22T14:22:22-05:00")).uuid.uuidString
        #expect(text.hasPrefix("017F22E2-79B0-7000-"))
    }

    @Test(arguments: [
        ("2026-11-21T19:02:11.123456Z", 1_795_287_731_123, 456 * 4096 / 1000),
        ("2026-11-21T19:02:11.999999Z", 1_795_287_731_999, 999 * 4096 / 1000),
        ("2026-11-21T19:02:11Z", 1_795_287_731_000, 0), ("1970-01-01T00:00:00Z", 0, 0), ("1969-12-31T23:59:59Z", 0, 0),
    ])
    func theLayoutIsThatOfVersion7(time: String, milliseconds: Int, fraction: Int) {
        let bits = ID<Campaign>(at: moment(time)).uuid.bits
        #expect(Int(bits >> 80) == milliseconds)
        #expect(bits >> 76 & 0xF == 7)
        #expect(Int(bits >> 64 & 0xFFF) == fraction)
        #expect(bits >> 62 & 0b11 == 0b10)
    }

    @Test func laterIDsSortLater() {
        // Steps of a microsecond, over the end of a millisecond and of a second, and then far apart.
        let near = (0..<3000).map { Timestamp(microseconds: 1_795_287_730_998_500 + Int64($0)) }
        let far = (1...60).map { moment("2026-11-21T19:02:12Z").adding(seconds: $0 * 31_557_600) }
        let ids = (near + far).map { ID<Campaign>(at: $0) }
        for (earlier, later) in zip(ids, ids.dropFirst()) {
            #expect(earlier < later)
            #expect(earlier.description < later.description)
            #expect(earlier.uuid.bits < later.uuid.bits)
        }
    }

    @Test func idsOfOneMomentDiffer() {
        #expect(Set((0..<10_000).map { _ in ID<Perk>(at: Palms.now) }).count == 10_000)
    }

    @Test func bitsAndBytesComeBack() throws {
        for uuid in (0..<100).map({ _ in UUID() }) + [.zero, UUID(bits: .max), UUID(bits: 1)] {
            #expect(UUID(bits: uuid.bits) == uuid)
            var bytes: [UInt8] = []
            ID<Perk>(uuid).encode(into: &bytes)
            let read = try bytes.withUnsafeBytes { try ID<Perk>(decoding: $0, type: ID<Perk>.postgresType) }
            #expect(read.uuid == uuid)
            #expect(ID<Perk>(ID<Perk>(uuid).description)?.uuid == uuid)
        }
    }
}
