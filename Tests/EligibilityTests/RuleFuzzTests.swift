import Eligibility
import Foundation
import Testing

/// Rules that break off: an error that says where, or a rule that says the same when it is printed and read.
@Suite struct RuleFuzzTests {
    private let seed =
        ProcessInfo.processInfo.environment["ELIGIBILITY_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0 ... .max)

    @Test func everyBeginningOfATextIsReadOrRefused() {
        print("ELIGIBILITY_SEED=\(seed)")
        var refused = 0
        for round in 0..<100 as Range<UInt64> {
            var chance = Chance(state: seed &+ round)
            let comment: Comment = "ELIGIBILITY_SEED=\(seed &+ round)"
            let scalars = Array(chance.rule(depth: 3).text.unicodeScalars.prefix(400))
            for length in scalars.indices {
                let text = String(String.UnicodeScalarView(scalars[..<length]))
                do {
                    let rule = try Rule(parsing: text)
                    #expect((try? Rule(parsing: rule.text))?.text == rule.text, comment)
                } catch {
                    refused += 1
                    // Where it breaks off is the end, or the beginning of what has no end.
                    #expect(error.line != nil && error.column != nil && !error.message.isEmpty, comment)
                }
            }
        }
        #expect(refused > 1000)
    }

    @Test func everyBeginningOfATreeIsRefused() throws {
        print("ELIGIBILITY_SEED=\(seed)")
        for round in 0..<20 as Range<UInt64> {
            var chance = Chance(state: seed &+ round)
            let json = Array(try encoded(chance.rule(depth: 2)).utf8.prefix(400))
            for length in json.indices {
                let beginning = Data(json[..<length])
                #expect(throws: (any Error).self, "ELIGIBILITY_SEED=\(seed &+ round)") {
                    try JSONDecoder().decode(Rule.self, from: beginning)
                }
            }
        }
    }
}
