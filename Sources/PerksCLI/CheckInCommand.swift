import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks check-in`.
struct CheckInCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-in", abstract: "A guest stands at the desk: what they may have, and why not the rest.",
        discussion: """
            Examples:
              perks check-in twitter:ana_w --brand palms --venue las-vegas
              perks check-in twitter:ana_w --brand palms --venue las-vegas --birth-date-on-id 1988-03-14
            """,
        subcommands: [Create.self, List.self, Show.self, Explain.self], defaultSubcommand: Create.self)

    /// `perks check-in [create]`.
    struct Create: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a guest in.",
            discussion: "Example: perks check-in twitter:ana_w --brand palms --venue las-vegas")

        @Argument(help: "network:handle, member:<number>, or an id.") var guest: String
        @Option(help: "Where, by id or slug.") var venue: String
        @Option(help: "The date of birth that was read on an ID, as YYYY-MM-DD.") var birthDateOnID: String?
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            var fields = Fields()
            fields.set("guest", guest)
            fields.set("venue", venue)
            fields.set("birth_date_on_id", birthDateOnID)
            let draft = try fields.request(CheckIn.Draft.self)
            let outcome = try await session.backend.checkIn(draft, as: session.principal, at: session.now)
            try session.output.show(outcome.answer)
        }
    }

    /// `perks check-in list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's check-ins, newest first.")

        @Option(help: "Only those of a guest.") var guest: String?
        @Option(help: "Only those at a venue, by id or slug.") var venue: String?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let guest = guest
            let venue = try venue.map { try Venue.reference($0) }
            try await session.output.list(list, filters: [guest, self.venue]) { page in
                try await session.read { connection in
                    try CheckIn.list(page, guest: guest, venue: venue, as: session.principal, in: connection)
                }
            }
        }
    }

    /// `perks check-in show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what was decided at a check-in.", aliases: ["get"])

        @Argument(help: "The check-in's id.") var checkIn: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try CheckIn.identifier(checkIn)
            try session.output.show(try await session.read { try CheckIn.find(id, as: session.principal, in: $0) })
        }
    }
}

extension CheckInCommand {
    /// `perks check-in explain`.
    struct Explain: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Explain a check-in by the facts and the rules of its moment.")

        @Argument(help: "The check-in's id.") var checkIn: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try CheckIn.identifier(checkIn)
            let explanation = try await session.read { connection in
                try CheckIn.explain(id, as: session.principal, in: connection)
            }
            guard session.output.format == .table else { return try session.output.encode(explanation) }
            try session.output.show(explanation.checkIn)
            try session.output.write(lines(explanation))
        }

        private func lines(_ explanation: CheckIn.Explanation) throws -> [String] {
            var lines: [String] = []
            for offer in explanation.checkIn.perks {
                let rules = explanation.rules.first { $0.perk == offer.perk.slug }
                lines.append("\(offer.perk.slug), revision \(offer.ruleRevision): \(rules?.ruleText ?? "no rule")")
                lines.append(
                    "\(offer.campaign.slug), revision \(offer.campaignRevision): \(rules?.campaignRuleText ?? "no rule")"
                )
                lines += offer.conditions.map { "  \($0.result)  \($0.text)".printable }
            }
            lines += explanation.hidden.map { "\($0.slug): below the age gate, so nothing was said of it" }
            if let facts = explanation.facts {
                lines.append("FACTS")
                let members = try JSONValue(of: facts).members.sorted { $0.key < $1.key }
                lines += try members.map { name, value in
                    let text = String(decoding: try JSON.encoder.encode(value), as: UTF8.self)
                    return "  \(name.replacing("_", with: " ")): \(text)".printable
                }
            }
            return lines
        }
    }
}

extension Output {
    /// Writes a check-in: for people the perks that can be had first, then why not the others.
    func show(_ checkIn: CheckIn) throws {
        switch format {
        case .table: try write(lines(of: checkIn))
        case .csv:
            try Terminal.standardOutput.write(csv(header: CheckIn.Offer.columns) + checkIn.perks.map(csv).joined())
        case .json, .ndjson: try encode(checkIn)
        }
    }

    private func lines(of checkIn: CheckIn) -> [String] {
        let place = [checkIn.venue, checkIn.at.shown(in: zone), checkIn.id?.description].compactMap { $0 }
            .joined(separator: ", ")
        guard checkIn.guest.known else { return ["This guest is not known. (\(place))"] }
        let age =
            switch checkIn.guest.age {
            case .verified: "age verified on an ID"
            case .stated: "age stated"
            case .unknown: "age unknown: check an ID"
            case .minor: "a minor"
            }
        var lines = [styled("\(checkIn.guest.id?.description ?? "A guest"): \(age) (\(place))", .dim)]
        if checkIn.perks.isEmpty { lines.append("There is no perk for this guest here and now.") }
        for outcome in [CheckIn.Outcome.qualified, .unavailable, .notQualified] {
            for offer in checkIn.perks where offer.outcome == outcome {
                lines += self.lines(of: offer, isBest: checkIn.best.contains(offer.perk.id))
            }
        }
        return lines
    }

    private func lines(of offer: CheckIn.Offer, isBest: Bool) -> [String] {
        let (word, style): (String, Terminal.Style) =
            switch offer.outcome {
            case .qualified: ("QUALIFIED", .good)
            case .unavailable: ("UNAVAILABLE", .warning)
            case .notQualified: ("NOT QUALIFIED", .bad)
            }
        let remaining = offer.remaining.map { ", \($0) left" } ?? ""
        // Of a group a guest gets one.
        let second = offer.outcome == .qualified && !isBest ? ", another of its group ranks better" : ""
        let what = "\(offer.perk.name): \(offer.perk.benefit.summary)".printable
        var lines = [
            styled(word.padded(to: 13), style) + "  \(what)  [\(offer.perk.slug)\(remaining)\(second)]"
        ]
        lines += offer.reasons.map { "                 " + $0.text.printable }
        if let nearest = offer.nearest { lines.append("                 " + nearest.printable) }
        return lines
    }
}

extension CheckIn: Tabular {
    static var columns: [Column<CheckIn>] {
        [
            Column("id") { .text($0.id?.description) },
            Column("at") { .moment($0.at) },
            Column("venue") { .text($0.venue) },
            Column("guest") { .text($0.guest.id?.description) },
            Column("age") { .text($0.guest.age.rawValue) },
            Column("qualified") { checkIn in
                .text(checkIn.perks.filter { $0.outcome == .qualified }.map(\.perk.slug).joined(separator: " "))
            },
        ]
    }
}

extension CheckIn.Offer: Tabular {
    static var columns: [Column<CheckIn.Offer>] {
        [
            Column("perk") { .text($0.perk.slug) },
            Column("campaign") { .text($0.campaign.slug) },
            Column("outcome") { .text($0.outcome.rawValue) },
            Column("remaining") { .number($0.remaining) },
            Column("reasons") { .text($0.reasons.map(\.text).joined(separator: " ")) },
            Column("nearest") { .text($0.nearest) },
        ]
    }
}
