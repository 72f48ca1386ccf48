import Foundation
import Synchronization

/// Everything that was asked and what came of it, in memory and, as it happens, in a file.
final class History: Sendable {
    /// One sending of a request; times are milliseconds since the beginning.
    struct Attempt: Sendable {
        let begin: Int
        var end: Int?
        var outcome = Outcome.unknown("nothing came")
    }

    /// A request and all its sendings.
    struct Record: Sendable {
        let request: Request
        fileprivate(set) var attempts: [Attempt] = []

        /// The first answer that said that it was done.
        var answer: Answer? { attempts.lazy.compactMap(\.outcome.answer).first }
        var hasUnknown: Bool { attempts.contains(where: \.outcome.isUnknown) }
        /// Whether it is not known what became of it.
        var isOpen: Bool { answer == nil && (attempts.last?.outcome.isUnknown ?? true) }
        /// The id of what it made.
        var id: String? { answer?.text("id") }
    }

    private let begin = ContinuousClock.now
    private let records = Mutex<[String: Record]>([:])
    private let file: Mutex<FileHandle>

    /// Begins a history that is kept in a new file.
    init(path: String) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        file = Mutex(try FileHandle(forWritingTo: URL(fileURLWithPath: path)))
    }

    /// Notes that a request is about to be sent; answers which sending of it this is.
    func invoke(_ request: Request) -> Int {
        let now = milliseconds
        let index = records.withLock { records in
            records[request.key, default: Record(request: request)].attempts.append(Attempt(begin: now))
            return (records[request.key]?.attempts.count ?? 1) - 1
        }
        write(now, "\(request.key) #\(index) \(request.method) \(request.path) \(request.body ?? "")")
        return index
    }

    /// Notes what came of a sending.
    func complete(_ request: Request, _ index: Int, _ outcome: Outcome) {
        let now = milliseconds
        records.withLock { records in
            records[request.key]?.attempts[index].outcome = outcome
            records[request.key]?.attempts[index].end = now
        }
        write(now, "\(request.key) #\(index) \(outcome)")
    }

    /// Notes what else happened.
    func note(_ text: String) {
        write(milliseconds, text)
    }

    /// All requests, by their keys.
    var all: [Record] {
        records.withLock { $0.values.sorted { $0.request.key < $1.request.key } }
    }

    subscript(key: String) -> Record? { records.withLock { $0[key] } }

    private var milliseconds: Int {
        let time = (ContinuousClock.now - begin).components
        return Int(time.seconds) * 1000 + Int(time.attoseconds / 1_000_000_000_000_000)
    }

    private func write(_ milliseconds: Int, _ text: String) {
        file.withLock { try? $0.write(contentsOf: Data("\(milliseconds) ms  \(text)\n".utf8)) }
    }
}

extension History.Record: CustomStringConvertible {
    var description: String {
        let lines = attempts.enumerated().map { index, attempt in
            "    \(attempt.begin)–\(attempt.end.map(String.init) ?? "") ms  #\(index)  \(attempt.outcome)"
        }
        let head = "\(request.key)  \(request.method) \(request.path) \(request.body ?? "") (\(request.guest))"
        return ([head] + lines).joined(separator: "\n")
    }
}
