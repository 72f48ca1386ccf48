import Foundation
import HTTPTypes
import Perks
import Postgres

/// What became of a campaign.
enum ReportRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get, path: PathPattern("/v1/campaigns/{campaign}/report"),
            summary: "Report on a campaign, from check-in to what came of word of mouth",
            handler: .keyed(.readers, .required, report),
            parameters: [
                Parameter("from", .date, "The first local day of the brand."),
                Parameter("to", .date, "The last local day of the brand, inclusive."),
                Parameter(
                    "attribution", .word(Attribution.allCases.map(\.rawValue)),
                    "How credit for a conversion is shared among its touches; last, if left out."),
                Parameter(
                    "window_days", .integer(Report.Question.windows),
                    "How many days of 86,400 s a touch counts for; \(Report.Question.defaultWindow) if left out."),
                Parameter(
                    "by", .word(Report.Breakdown.allCases.map(\.rawValue)),
                    "What a line of CSV stands for; day, if left out."),
                Parameter(
                    "format", .word(["json", "csv"]), "csv for lines of one kind; as Accept has it, if left out."),
            ],
            answer: Answer(
                status: .ok, content: [("application/json", Report.reference), (RequestContent.csv, nil)]),
            problems: [.campaignNotFound])
    ]

    private static func report(_ call: Call) async throws -> Reply {
        let campaign = try call.reference(to: Campaign.self)
        let question = Report.Question(
            from: call.query.date("from"), to: call.query.date("to"),
            attribution: call.query["attribution"].flatMap(Attribution.init) ?? .last,
            windowDays: call.query["window_days"].flatMap { Int($0) } ?? Report.Question.defaultWindow)
        let report = try await call.transaction(readOnly: true, isolation: .repeatableRead) {
            try Report.compute(for: campaign, question, as: call.principal, at: call.now, in: $0)
        }
        let breakdown = call.query["by"].flatMap(Report.Breakdown.init) ?? .day
        let isCSV = call.query["format"].map { $0 == "csv" } ?? call.headers.prefers(RequestContent.csv)
        let reply =
            isCSV
            ? Reply(
                type: "\(RequestContent.csv); charset=utf-8; header=present", body: Data(report.csv(by: breakdown).utf8)
            )
            : try Reply(json: report)
        return reply.with(.vary, "Accept")
    }
}

extension HTTPFields {
    /// Whether the header Accept asks for a media type by name and ranks no other above it (RFC 9110, section 12.5.1).
    fileprivate func prefers(_ type: String) -> Bool {
        let wishes = (self[.accept] ?? "").split(separator: ",").map { wish -> (type: String, weight: Double) in
            let parts = wish.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
            return (parts.first ?? "", weight ?? 1)
        }
        guard let own = wishes.first(where: { $0.type == type })?.weight, own > 0 else { return false }
        return !wishes.contains { $0.type != type && $0.weight > own }
    }
}
