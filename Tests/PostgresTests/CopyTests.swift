import Foundation
import Synchronization
import Testing

@testable import Postgres

/// Large data goes in as a stream, whole or not at all.
@Suite struct CopyTests {
    private struct Refusal: Error {}

    /// Chunks of a CSV file with consecutive numbers, made while they are asked for.
    private struct Numbers: AsyncSequence, AsyncIteratorProtocol {
        var next = 0
        let end: Int
        let chunk: Int
        var failsAt = Int.max

        private let words = Array(",\(String(repeating: "words that make the row long ", count: 6))\n".utf8)

        func makeAsyncIterator() -> Numbers { self }

        mutating func next() async throws -> [UInt8]? {
            guard next < end else { return nil }
            guard next < failsAt else { throw Refusal() }
            var text: [UInt8] = []
            for number in next..<Swift.min(end, next + chunk) { text += Array("\(number),guest".utf8) + words }
            next += chunk
            return text
        }
    }

    private let copy: Query = "copy incoming from stdin (format csv)"

    private let makeIncoming: @Sendable (isolated Connection) throws -> Void = { connection in
        try connection.script("create temporary table incoming (id int8, name text, words text) on commit drop")
    }

    private let merge: @Sendable (isolated Connection) throws -> Int = { connection in
        try connection.execute("insert into t select id, name from incoming")
    }

    private func withTable(_ body: (Database) async throws -> Void) async throws {
        try await withDatabase({ $0.maximumConnections = 2 }) { database in
            try await database.session { try $0.script("create table t (id int8 primary key, name text)") }
            try await body(database)
        }
    }

    private func expectCount(
        _ expected: Int, _ database: Database, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let count: Int = try await database.value("select count(*) from t")
        #expect(count == expected, sourceLocation: sourceLocation)
    }

    /// The most memory that the process ever had, in bytes, counted anew from the last `forgetPeak`.
    private func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
    }

    private func forgetPeak() throws {
        try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }

    @Test func aMillionRowsTakeLittleMemory() async throws {
        try await withTable { database in
            try forgetPeak()
            let before = try peak()
            let affected = try await database.copy(
                Numbers(end: 1_000_000, chunk: 1000), copy, prepare: makeIncoming, merge: merge)
            #expect(affected == 1_000_000)
            let sum = try await database.transaction { connection in
                var sum = 0
                let query: Query = "select id, repeat('long ', 200) as words from t where id < 200000"
                try connection.forEach(query) { sum += try $0["id"] }
                return sum
            }
            #expect(sum == 19_999_900_000)
            // The rows are some 200 MB each way; the rest of the tests runs meanwhile.
            #expect(try peak() - before < 100_000_000)
        }
    }

    @Test func chunksMayBeCutAnywhereAndBeOfAnySize() async throws {
        try await withTable { database in
            let text = Array((0..<20_000).map { "\($0),näme,x\n" }.joined().utf8)
            var rest = text[...]
            let (chunks, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            for size in [0, 1, 2, 3, 70_000, 200_000, 5] {
                continuation.yield(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            continuation.yield(Array(rest))
            continuation.finish()
            let affected = try await database.copy(chunks, copy, prepare: makeIncoming, merge: merge)
            #expect(affected == 20_000)
        }
    }

    @Test func nothingIsKeptWhenTheSourceFails() async throws {
        try await withTable { database in
            for _ in 0..<3 {
                await #expect(throws: Refusal.self) {
                    try await database.copy(
                        Numbers(end: 5000, chunk: 500, failsAt: 2500), copy, prepare: makeIncoming, merge: merge)
                }
            }
            try await expectCount(0, database)
        }
    }

    @Test func nothingIsKeptWhenTheTaskIsCancelled() async throws {
        try await withTable { database in
            let (chunks, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            continuation.yield(Array("1,a,b\n".utf8))
            let task = Task {
                try await database.copy(chunks, copy) { connection in
                    try makeIncoming(connection)
                    start.yield()
                } merge: {
                    try merge($0)
                }
            }
            _ = await started.first { _ in true }
            // The stream ends as if it were complete.
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await expectCount(0, database)
        }
    }

    @Test func nothingIsKeptWhenTheMergeThrows() async throws {
        try await withTable { database in
            await #expect(throws: Refusal.self) {
                try await database.copy(Numbers(end: 10, chunk: 10), copy, prepare: makeIncoming) { connection in
                    _ = try merge(connection)
                    throw Refusal()
                }
            }
            try await expectCount(0, database)
            #expect(
                try await database.copy(Numbers(end: 10, chunk: 10), copy, prepare: makeIncoming, merge: merge) == 10)
        }
    }

    @Test func dataThatDoesNotFitIsRefused() async throws {
        try await withTable { database in
            let (chunks, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            continuation.yield(Array("1,a,b\nx,a,b\n".utf8))
            continuation.finish()
            let error = try await failure {
                try await database.copy(chunks, copy, prepare: makeIncoming, merge: merge)
            }
            #expect(error.sqlState == "22P02" && error.kind == .server)
            try await expectCount(0, database)
        }
    }

    @Test func anotherStatementIsRefused() async throws {
        try await withTable { database in
            for other: Query in ["select 1", "copy incoming to stdout", "copy nothing from stdin"] {
                let error = try await failure {
                    try await database.copy(Numbers(end: 10, chunk: 10), other, prepare: makeIncoming, merge: merge)
                }
                #expect(error.kind == .usage || error.sqlState == "42P01")
            }
            try await expectCount(0, database)
        }
    }

    @Test func aMergeInTheWayOfAnotherIsRunAgain() async throws {
        try await withTable { database in
            let rounds = Mutex(0)
            try await database.copy(Numbers(end: 10, chunk: 10), copy, prepare: makeIncoming) { connection in
                _ = try merge(connection)
                if rounds.withLock({
                    $0 += 1; return $0
                }) < 3 {
                    try connection.script("do $$ begin raise exception sqlstate '40P01'; end $$")
                }
            }
            #expect(rounds.withLock { $0 } == 3)
            try await expectCount(10, database)
        }
    }

    @Test func theServersDeathInTheMiddleIsTold() async throws {
        try await withTable { database in
            let (pids, pid) = AsyncStream.makeStream(of: Int.self)
            let (chunks, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            let task = Task {
                try await database.copy(chunks, copy) { connection in
                    try makeIncoming(connection)
                    pid.yield(try connection.query("select pg_backend_pid() as pid").first?["pid"] ?? 0)
                } merge: {
                    try merge($0)
                }
            }
            try await terminate(try #require(await pids.first { _ in true }), over: database)
            for number in 0..<10 { continuation.yield(Array("\(number),a,b\n".utf8)) }
            continuation.finish()
            let error = try await failure { try await task.value }
            #expect(error.kind == .unavailable)
            try await expectCount(0, database)
        }
    }
}
