import ArgumentParser
import Foundation
import Perks
import Postgres
import Synchronization

/// `perks topic`.
struct TopicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topic", abstract: "What people are listened to about.", subcommands: [Import.self, List.self])

    /// `perks topic import`.
    struct Import: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load a topic ontology; loading it again is an update.",
            discussion: "Example: perks topic import topics.csv --edges edges.csv")

        @Argument(help: "The topics: topicId,topicSlug,topicDisplayName,…", completion: .file(extensions: ["csv"]))
        var topics: String

        @Option(help: "What lies below what: parent and child.", completion: .file(extensions: ["csv"]))
        var edges: String

        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let files = [try InputFile(topics), try InputFile(edges)]
            let lines = LineCount()
            let source = Pieces(files: files) { file, piece in
                if file === files[0] { lines.add(piece) }
            }
            let work = TopicImport(session.backend, as: session.principal, at: session.now)
            let outcome: TopicImport.Outcome
            do {
                outcome = try await work.run(source)
            } catch let error as PerksError {
                throw error.placed(in: files, firstFileLines: lines.count)
            }
            try session.output.show(outcome)
        }
    }

    /// `perks topic list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "List topics, perhaps those below one or with a text in their name.",
            discussion: "Example: perks topic list --under food-and-drink --query tea")

        @Option(help: "The slug of a topic to look below.") var under: String?
        @Option(name: .shortAndLong, help: "A part of the name.") var query: String?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let (under, query) = (under, query)
            try await session.output.list(list, filters: [under, query]) { page in
                try await session.read { try Topic.list(page, under: under, containing: query, in: $0) }
            }
        }
    }
}

/// How many lines have been read.
private final class LineCount: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    func add(_ piece: [UInt8]) {
        let ends = piece.count { $0 == UInt8(ascii: "\n") }
        state.withLock { $0 += ends }
    }
}

extension PerksError {
    /// Two files that are read as one stream share its line numbers; this names the file and its own line.
    fileprivate func placed(in files: [InputFile], firstFileLines: Int) -> PerksError {
        guard let place = violations.first?.pointer, place.hasPrefix("line "), let line = Int(place.dropFirst(5)) else {
            return self
        }
        let file = line > firstFileLines ? files[1] : files[0]
        let own = line > firstFileLines ? line - firstFileLines : line
        let detail = detail.replacing("Line \(line): ", with: "")
        return .invalid("\(file.name), line \(own)", violations[0].code, detail)
    }
}

extension TopicImport.Outcome: Tabular {
    static var columns: [Column<TopicImport.Outcome>] {
        [
            Column("topics") { .number($0.topics) },
            Column("added") { .number($0.added) },
            Column("updated") { .number($0.updated) },
            Column("unchanged") { .number($0.unchanged) },
            Column("retired") { .number($0.retired) },
            Column("pairs") { .number($0.pairs) },
        ]
    }
}

extension Topic: Tabular {
    static var columns: [Column<Topic>] {
        [
            Column("slug") { .text($0.slug) },
            Column("name") { .text($0.name) },
            Column("parents") { .text($0.parents.joined(separator: " ")) },
            Column("retired_at") { .moment($0.retiredAt) },
        ]
    }
}
