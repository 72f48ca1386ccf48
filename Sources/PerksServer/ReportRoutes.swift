import Foundation
import HTTPTypes
import Perks

/// What became of a campaign.
enum ReportRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get, path: PathPattern("/v1/campaigns/{campaign}/report"),
            summary: "Report on a campaign, in all, per perk and per day",
            handler: .keyed(.readers, .required, report),
            parameters: [
                Parameter("from", .date, "The first local day of the brand."),
                Parameter("to", .date, "The last local day of the brand, inclusive."),
                Parameter("format", .word(["json", "csv"]), "csv for the days alone; as Accept has it, if left out."),
            ],
            answer: Answer(
                status: .ok, content: [("application/json", Report.reference), (RequestContent.csv, nil)]),
            problems: [.campaignNotFound])
    ]

    private static func report(_ call: Call) async throws -> Reply {
        let campaign = try call.reference(to: Campaign.self)
        let range = Report.Range(from: call.query.date("from"), to: call.query.date("to"))
        let report = try await call.transaction(readOnly: true) {
            try Report.compute(for: campaign, range, as: call.principal, at: call.now, in: $0)
        }
        let isCSV = call.query["format"].map { $0 == "csv" } ?? call.headers.prefers(RequestContent.csv)
        let reply =
            isCSV
            ? Reply(type: "\(RequestContent.csv); charset=utf-8; header=present", body: Data(report.csv.utf8))
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
