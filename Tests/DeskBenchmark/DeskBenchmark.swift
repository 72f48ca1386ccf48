import Foundation

/// Asks a running server for as much as it can answer, over connections that each wait for their answer.
///
/// Takes phases, one after the other: `<label>:<work>:<limit>`. A label of `-` is a warm-up that nothing is said of; phases
/// of one label are told of together. The work is `healthz`, `healthz-of-browsers`, `check-in`, `redeem=<perk>` or `redeem=<perks>*<number>`,
/// which is `<perks>1` and so on at random, or `follow=<file>` for links whose tokens are the file's lines. The limit is
/// `<seconds>s`, or a number of requests.
///
/// The environment says where and as whom: `PORT`, `KEY` (a clerk's), `VENUE`, `GUESTS` (how many; their handles are
/// `twitter:guest_1` and so on), `CONNECTIONS`. Prints a line a label: how many, how many a second, and the 50th and 99th
/// percentile of the time to an answer in milliseconds, with tabs between.
@main
struct DeskBenchmark {
    static func main() {
        do {
            try run(CommandLine.arguments.dropFirst().map(Phase.init))
        } catch {
            FileHandle.standardError.write(Data("DeskBenchmark: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run(_ phases: [Phase]) throws {
        let (port, key) = (try setting("PORT"), try setting("KEY"))
        guard let port = UInt16(port), let guests = Int(try setting("GUESTS")), guests > 0,
            let number = Int(try setting("CONNECTIONS")), number > 0
        else { throw Failure("PORT, GUESTS and CONNECTIONS are numbers above 0.") }
        var requests = Requests(key: key, venue: try setting("VENUE"), guests: guests)
        var load = try Load(connections: number, port: port)
        var tallies: [(label: String, tally: Tally)] = []
        for phase in phases {
            let tally = try load.run(phase, &requests)
            guard phase.label != "-" else { continue }
            if let index = tallies.firstIndex(where: { $0.label == phase.label }) {
                tallies[index].tally.add(tally)
            } else {
                tallies.append((phase.label, tally))
            }
        }
        for (label, tally) in tallies { print("\(label)\t\(tally.line)") }
    }

    private static func setting(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name] else {
            throw Failure("\(name) is not set. Run scripts/bench, which sets it.")
        }
        return value
    }
}

/// Why a run counts for nothing.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
