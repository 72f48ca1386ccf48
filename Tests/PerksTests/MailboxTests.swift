import Eligibility
import Foundation
import Postgres
import Schema
import Testing

@testable import Perks

@Suite struct MailboxTests {
    private static let addresses = [
        ("ana@example.com", "ana@example.com"), ("Ana+Vegas@Example.COM", "ana@example.com"),
        (" @ana+a+b@example.com ", "ana@example.com"), ("ana+@example.com", "ana@example.com"),
        ("a.na@example.com", "a.na@example.com"), ("ana+x@", "ana@"),
        // Nothing is left before the @.
        ("+x@y", "+x@y"), ("+x@googlemail.com", "+x@gmail.com"), ("+.x@gmail.com", "+x@gmail.com"),
        ("...@gmail.com", "...@gmail.com"), (".+x@gmail.com", ".@gmail.com"), (".@a@gmail.com", ".@a@gmail.com"),
        (". a@gmail.com", ". a@gmail.com"),
        // The last @ separates; without one it is no address.
        ("a@b+c@x", "a@b@x"), ("ana", "ana"), ("ana+x", "ana+x"), ("ana.x+gmail.com", "ana.x+gmail.com"),
        // Quoted, every character counts.
        (#""a+b"@x"#, #""a+b"@x"#), (#""a.b+c"@googlemail.com"#, #""a.b+c"@gmail.com"#),
        // Gmail, and what looks like it.
        ("a.n.a@gmail.com", "ana@gmail.com"), (".a.na.+x.y@GoogleMail.com", "ana@gmail.com"),
        ("a.na+x@gmail.com.example", "a.na@gmail.com.example"), ("a.na@mail.gmail.com", "a.na@mail.gmail.com"),
        // Composed and decomposed, and what composes once a dot is gone.
        ("jose\u{301}+x@example.com", "jos\u{e9}@example.com"), ("A.\u{301}b@gmail.com", "\u{e1}b@gmail.com"),
        ("a+\u{301}b@example.com", "a@example.com"), ("И.ван+я@gmail.com", "иван@gmail.com"),
        ("\u{1F3B0}.\u{1F3B0}+1@gmail.com", "\u{1F3B0}\u{1F3B0}@gmail.com"),
    ]

    @Test(arguments: addresses) func anAddressIsItsMailbox(address: String, mailbox: String) throws {
        let key = try #require(IdentityKey(network: "EMail", handle: address))
        #expect(Array(key.handleKey.unicodeScalars) == Array(mailbox.unicodeScalars))
        // What is kept is read again.
        #expect(IdentityKey(network: "email", handle: key.handleKey)?.handleKey == key.handleKey)
        #expect(IdentityKey(network: "twitter", handle: address)?.handleKey == key.spelledKey)
    }

    /// What the migration makes of older rows is what the program compares by.
    @Test func theMigrationAgrees() async throws {
        let palms = try await Palms()
        for (address, _) in Self.addresses {
            let key = try #require(IdentityKey(network: "email", handle: address))
            try await palms.migrate(from: [(key.spelledKey, 1, false)])
            #expect(try await palms.kept() == ["\(key.handleKey) 1 false"], "\(address)")
            try await palms.migrateAgain(from: [])
            #expect(try await palms.kept() == ["\(key.handleKey) 1 false"], "\(address), a second time")
            try await palms.forgetAddresses()
        }
        await palms.close()
    }

    @Test(arguments: [
        // Of one guest one address stands for all: the mailbox's own, or else the first.
        ([("a+1@x", 1, true), ("a@x", 1, false), ("a+2@x", 1, false)], ["a@x 1 true"]),
        ([("a+2@x", 1, false), ("a+1@x", 1, false), ("b+1@x", 2, true)], ["a@x 1 false", "b@x 2 true"]),
        // Two guests stay two.
        ([("a+1@x", 1, true), ("a@x", 2, false)], ["a+1@x 1 true", "a@x 2 false"]),
        ([("a+1@x", 1, true), ("a+2@x", 2, false)], ["a+2@x 2 false", "a@x 1 true"]),
        (
            [("a.b@gmail.com", 1, false), ("ab@googlemail.com", 2, false), ("ab+x@gmail.com", 1, true)],
            ["ab@gmail.com 1 true", "ab@googlemail.com 2 false"]
        ),
    ])
    func olderAddressesThatAreOneMailbox(rows: [(String, Int, Bool)], kept: [String]) async throws {
        let palms = try await Palms()
        try await palms.migrate(from: rows)
        #expect(try await palms.kept() == kept)
        await palms.close()
    }

    /// The guest that no address leads to any more is joined by its id.
    @Test func anOperatorMakesTwoGuestsOfBeforeOne() async throws {
        let palms = try await Palms()
        try await palms.importGuests("network,handle,city\nemail,ana@x,Graz\nnet,other,Wien")
        let other = try await palms.guest("net:other")
        try await palms.migrateAgain(from: [("ana+vegas@x", other.id, true)])
        #expect(try await palms.guest("email:ana+vegas@x").city == "Graz")
        let (ana, _) = try await palms.join("email:ana@x", to: other.id.description)
        #expect(ana.id == other.id && ana.city == "Wien")
        #expect(try await palms.guest("email:ana+more@x").id == other.id)
        await palms.close()
    }

    @Test func anOptOutOfBeforeHoldsForTheSpellingItCameIn() async throws {
        let palms = try await Palms()
        try await palms.importGuests("network,handle\nnet,ana")
        let ana = try await palms.guest("net:ana")
        try await palms.optOut("net:ana")
        try await palms.migrateAgain(from: [("ana+vegas@x", ana.id, false)])
        try await palms.optOutAsBefore("ben+vegas@x")
        let outcome = try await palms.importGuests(
            "network,handle\nemail,Ana@x\nemail,ana+graz@x\nemail,Ben+Vegas@x\nemail,cleo@x")
        #expect(outcome.refused.map(\.line) == [2, 3, 4] && outcome.added == 1)
        #expect(try await refusal { _ = try await palms.join("email:ben+vegas@x", to: "email:cleo@x") } == .optedOut)
        await palms.close()
    }

    @Test func aliasesInOneFileAreOneGuest() async throws {
        let palms = try await Palms()
        let file = """
            network,handle,display_name
            email,Ana.W+Vegas@gmail.com,Ana
            email,anaw@googlemail.com,Ana W
            email,ana.w@example.com,Another
            """
        let first = try await palms.importGuests(file)
        #expect(first.added == 2 && first.updated == 1 && first.refusedCount == 0)
        let ana = try await palms.guest("email:an.aw+x@gmail.com")
        #expect(ana.displayName == "Ana W")
        #expect(ana.identities.map(\.handle) == ["Ana.W+Vegas@gmail.com"])
        // Whichever alias a feed uses, the address is shown as it was first given, and no alias is news.
        let again = try await palms.importGuests("network,handle,display_name\nemail,ANAW@gmail.com,Ana W")
        #expect(again.unchanged == 1)
        let (put, isNew) = try await palms.backend.put(
            JSONValue.object(["display_name": .string("Ana")]).decode(),
            for: GuestReference("email:a.naw+put@googlemail.com"), as: palms.platform,
            at: Palms.now)
        #expect(!isNew && put.id == ana.id && put.displayName == "Ana")
        #expect(put.identities.map(\.handle) == ["Ana.W+Vegas@gmail.com"])
        #expect(try await palms.guest("email:ana.w@example.com").displayName == "Another")
        #expect(try await palms.count("select count(*) from guest") == 2)
        await palms.close()
    }

    @Test func anAliasHasNoAllowanceOfItsOwn() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.stock = 10 }
        try await palms.importGuests("network,handle,birth_date,country\nemail,ana@gmail.com,1980-01-01,US")
        _ = try await palms.redeem("email:ana+vegas@gmail.com", key: "1")
        for (key, alias) in ["ana@gmail.com", "a.n.a@googlemail.com", "ANA+2@gmail.com"].enumerated() {
            #expect(
                try await refusal { _ = try await palms.redeem("email:\(alias)", key: "again-\(key)") } == .limitReached
            )
        }
        #expect(try await palms.count("select remaining as count from perk_stock") == 9)
        try await palms.putSegment("vip")
        let outcome = try await SegmentImport(palms.backend, as: palms.owner, at: Palms.now)
            .run(stream("email:ana+a@gmail.com\nemail:ana+b@gmail.com\n"), into: "vip")
        #expect(outcome.added == 1)
        let (_, isNew) = try await palms.join("email:an.a@gmail.com", to: "email:ana@gmail.com")
        #expect(!isNew)
        await palms.close()
    }

    @Test func whoLeavesLeavesWithEveryAlias() async throws {
        let palms = try await Palms()
        try await palms.importGuests("network,handle\nemail,ana+vegas@gmail.com\nemail,ben@example.com")
        try await palms.optOut("email:a.na+out@googlemail.com")
        try await palms.optOut("email:cleo+out@example.com")
        try await palms.erase("email:ben+x@example.com")
        #expect(try await palms.guest("email:ana@gmail.com").optedOutAt == Palms.now)
        let outcome = try await palms.importGuests(
            """
            network,handle
            email,ana@gmail.com
            email,an.a+new@gmail.com
            email,ben@example.com
            email,Ben+new@example.com
            email,cleo@example.com
            email,cleo+new@example.com
            """)
        #expect(outcome.refused.map(\.line) == [2, 3, 4, 5, 6, 7])
        #expect(try await palms.checkIn("email:ana+1@gmail.com").guest.known == false)
        await palms.close()
    }
}

extension Palms {
    /// Leaves addresses as they were kept before they had aliases, one a second, and migrates once more.
    fileprivate func migrate(from rows: [(address: String, guest: Int, isVerified: Bool)]) async throws {
        try await migrateAgain(from: rows.map { ($0.address, ID(UUID(bits: UInt128($0.guest))), $0.isVerified) })
    }

    /// The same with guests that there are.
    fileprivate func migrateAgain(from rows: [(address: String, guest: ID<Guest>, isVerified: Bool)]) async throws {
        let migration = try #require(Migration.all.first { $0.name == "V0013__address_aliases" })
        try await asOwner { connection in
            for (second, row) in rows.enumerated() {
                try connection.execute(
                    """
                    insert into identity (network, handle_key, handle, verified, guest_id, created_at)
                    values ('email', \(row.address), \(row.address), \(row.isVerified), \(row.guest),
                            \(Palms.now.adding(seconds: second)))
                    """)
            }
            try connection.script(migration.sql)
        }
    }

    /// The addresses that are kept, with the last digit of their guest.
    fileprivate func kept() async throws -> [String] {
        try await asOwner { connection in
            try connection.query(
                """
                select handle_key || ' ' || right(guest_id::text, 1) || ' ' || verified as line
                from identity where network = 'email' order by handle_key collate "C"
                """
            ).map { try $0["line"] }
        }
    }

    fileprivate func forgetAddresses() async throws {
        try await asOwner { try $0.execute("delete from identity where network = 'email'") }
    }

    /// Leaves a trace of an opt-out of an address nobody knew, as it was made before addresses had aliases.
    fileprivate func optOutAsBefore(_ address: String) async throws {
        let key = try #require(IdentityKey(network: "email", handle: address))
        try await asOwner { connection in
            let hash = try #require(try IdentityHasher(in: connection, at: Palms.now).olderHash(key))
            try connection.execute(
                "insert into tombstone (identity_hash, created_at) values (\(hash), \(Palms.now))")
        }
    }

    @discardableResult
    private func asOwner<Result: Sendable>(
        _ body: @Sendable (isolated Connection) throws -> Result
    ) async throws -> Result {
        let database = Database(.init(url: url, role: "perks_owner", maximumConnections: 1), logger: Palms.logger)
        let result = try await database.session(body)
        await database.close()
        return result
    }
}
