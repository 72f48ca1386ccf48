import Foundation
import Perks
import Postgres
import Testing

@Suite struct GuestSourceTests {
    @Test func whoSuppliedAProfileIsKeptWithWhatItSupplied() async throws {
        let palms = try await Palms()
        try await palms.importGuests("network,handle,city\nnet,ana,Vienna\nnet,bo,Graz")
        #expect(try await palms.guest("net:ana").source == nil)
        try await supply("network,handle,city\nnet,ana,Linz\nnet,bo,Graz\nnet,cy,", "Feed A", "form 7", palms)
        let source = try #require(try await palms.guest("net:ana").source)
        #expect(source.name == "Feed A" && source.consent == "form 7")
        #expect(source.suppliedBy == palms.platform.actor && source.suppliedAt == Palms.now)
        #expect(try await palms.guest("net:bo").source == nil)
        #expect(try await palms.guest("net:cy").source?.name == "Feed A")
        // An unchanged row keeps its own, and so does a changed one where nobody is named.
        try await supply("network,handle,city\nnet,ana,Linz", "Feed B", nil, palms)
        #expect(try await palms.guest("net:ana").source?.name == "Feed A")
        try await palms.importGuests("network,handle,city\nnet,ana,Wels")
        #expect(try await palms.guest("net:ana").source?.name == "Feed A")
        try await supply("network,handle,city\nnet,ana,Steyr", nil, "form 8", palms)
        let last = try await palms.guest("net:ana").source
        #expect(last?.name == nil && last?.consent == "form 8")
        await palms.close()
    }

    @Test func aStatementNamesItsSource() async throws {
        let palms = try await Palms()
        let (guest, isNew) = try await palms.backend.put(
            try JSONValue.object(["country": .string("US")]).decode(), for: GuestReference("net:ana"),
            source: "Feed A", consent: "form 7", as: palms.platform, at: Palms.now)
        #expect(isNew)
        let shown = try JSONValue(of: guest)["source"]
        #expect(
            shown
                == .object([
                    "name": .string("Feed A"), "consent": .string("form 7"),
                    "supplied_by": .string(palms.platform.actor), "supplied_at": .string(Palms.now.rfc3339),
                ]))
        #expect(Guest.schema.violations(in: try JSONValue(of: guest)) == [])
        await palms.close()
    }

    @Test(arguments: ["", " ", String(repeating: "x", count: 201), "a\u{0}b"])
    func whatIsNoNameIsRefused(name: String) async throws {
        let palms = try await Palms()
        for (source, consent, pointer) in [(name, nil, "source"), (nil, name, "consent")] {
            let error = await #expect(throws: PerksError.self) {
                try await supply("network,handle\nnet,ana", source, consent, palms)
            }
            #expect(error?.violations.map(\.pointer) == [pointer])
        }
        #expect(try await palms.count("select count(*) from guest") == 0)
        await palms.close()
    }

    private func supply(_ csv: String, _ source: String?, _ consent: String?, _ palms: Palms) async throws {
        _ = try await GuestImport(palms.backend, source: source, consent: consent, as: palms.platform, at: Palms.now)
            .run(stream(csv), format: .csv)
    }
}
