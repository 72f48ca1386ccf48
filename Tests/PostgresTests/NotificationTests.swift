import TestDatabase
import Testing

@testable import Postgres

/// Whoever subscribes hears everything, or hears that something may have been missed.
@Suite(.timeLimit(.minutes(30))) struct NotificationTests {
    @Test func payloadsArriveInOrderOnTheirChannelOnly() async throws {
        try await withDatabase { database in
            var events = database.notifications(on: #"odd "channel"#).makeAsyncIterator()
            #expect(await events.next() == .reconnected)
            try await database.read("select pg_notify('other', 'x'), pg_notify(\(#"odd "channel"#), \("1"))")
            await #expect(throws: PostgresError.self) {
                try await database.transaction { connection in
                    try connection.query("select pg_notify(\(#"odd "channel"#), 'undone')")
                    try connection.query("select 1/0")
                }
            }
            try await database.read("select pg_notify(\(#"odd "channel"#), n::text) from generate_series(2, 500) n")
            for number in 1...500 { #expect(await events.next() == .payload("\(number)")) }
        }
    }

    @Test func aLostSubscriptionIsRenewedAndSaysSo() async throws {
        try await withDatabase { database in
            var events = database.notifications(on: "changes").makeAsyncIterator()
            for round in 1...3 {
                #expect(await events.next() == .reconnected)
                try await database.read("select pg_notify('changes', \("\(round)"))")
                #expect(await events.next() == .payload("\(round)"))
                let pid: Int = try await database.value(
                    "select pid from pg_stat_activity where query ilike 'listen %' and datname = current_database()")
                try await terminate(pid, over: database)
            }
            #expect(await events.next() == .reconnected)
        }
    }

    @Test(arguments: [3, 4, 5, 6, 100]) func aReaderThatCannotKeepUpIsTold(count: Int) async {
        let (events, continuation) = AsyncStream.makeStream(
            of: Database.Notification.self, bufferingPolicy: .bufferingNewest(4))
        for number in 1...count { continuation.deliver(.payload("\(number)")) }
        continuation.finish()
        let received = await events.reduce(into: []) { $0.append($1) }
        #expect(received.count == min(count, 4))
        #expect(received.contains(.reconnected) == (count > 4))
    }

    @Test func aSubscriptionEndsWithItsReaderAndWithTheDatabase() async throws {
        let url = try await TestDatabase.make()
        try await withDatabase(at: url) { witness in
            let listeners: Query = "select 1 from pg_stat_activity where query like 'listen \"c%'"
            try await withDatabase(at: url) { database in
                let reader = Task {
                    for await _ in database.notifications(on: "c1") { break }
                }
                await reader.value
                var kept = database.notifications(on: "c2").makeAsyncIterator()
                #expect(await kept.next() == .reconnected)
                await database.close()
                #expect(await kept.next() == nil)
                #expect(await database.notifications(on: "c3").first { _ in true } == nil)
            }
            // A process of the server that is told to go takes a moment, one that is not told would stay.
            while try await !witness.read(listeners).isEmpty {}
        }
    }
}
