import Postgres
import TestDatabase
import Testing

/// Whoever subscribes hears everything, or hears that something may have been missed.
@Suite(.timeLimit(.minutes(2))) struct NotificationTests {
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

    @Test func aReaderThatCannotKeepUpIsTold() async throws {
        try await withDatabase { database in
            let stream = database.notifications(on: "many")
            var other = database.notifications(on: "many").makeAsyncIterator()
            #expect(await other.next() == .reconnected)
            // Wait until the slow one listens too.
            var slow = stream.makeAsyncIterator()
            #expect(await slow.next() == .reconnected)
            try await database.read("select pg_notify('many', n::text) from generate_series(1, 3000) n")
            // The swift reader is itself only just swift enough when it follows at once.
            var received = 0
            while let event = await other.next(), event != .payload("3000") { received += 1 }
            #expect(received > 0)
            var events: [Database.Notification] = []
            while let event = await slow.next() {
                events.append(event)
                if event == .payload("3000") { break }
            }
            #expect(events.contains(.reconnected))
        }
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
