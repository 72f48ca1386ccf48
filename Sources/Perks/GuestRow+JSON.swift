import Foundation
import Postgres

extension GuestRowReader {
    /// Reads a line of an NDJSON file, whose members are those of a guest; throws why it is refused.
    func row(line: Int, json bytes: [UInt8]) throws(GuestRow.Refusal) -> GuestRow {
        let value: JSONValue
        do throws(PerksError) {
            value = try JSONValue(parsing: Data(bytes))
        } catch {
            throw .init("The line is not valid JSON.")
        }
        let violations = GuestDraft.lineSchema.violations(in: value)
        if let first = violations.first {
            throw .init("\(first.pointer.isEmpty ? "The line" : first.pointer): \(first.detail)")
        }
        return try row(line: line, value.cells)
    }
}

extension JSONValue {
    /// The members of a guest as the cells of a CSV file.
    fileprivate var cells: [String: String] {
        var cells: [String: String] = [:]
        for (name, value) in members {
            switch (name, value) {
            case ("score", .object(let score)):
                cells["score"] = score["value"]?.cell
                cells["score_model"] = score["model"]?.cell
                cells["score_measured_at"] = score["measured_at"]?.cell
            case ("topics", .array(let topics)):
                cells["topics"] = topics.map { topic in
                    // A semicolon is no part of any slug: it would pass for the end of one.
                    let slug = topic["topic"]?.cell?.replacing(";", with: ",") ?? ""
                    return "\(slug):\(topic["strength"]?.cell ?? "")"
                }.joined(separator: ";")
            default:
                cells[name] = value.cell
            }
        }
        return cells
    }

    private var cell: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.description
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

/// What a feed says of one guest: the body of `PUT /v1/guests/{network}:{handle}`.
package struct GuestDraft: Codable, Sendable {
    private let members: JSONValue

    package init(from decoder: any Decoder) throws {
        members = try JSONValue(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        try members.encode(to: encoder)
    }

    /// The line of an NDJSON file that says the same of an identity.
    fileprivate func line(for key: IdentityKey) throws -> [UInt8] {
        let identity = JSONValue.object(["network": .string(key.network), "handle": .string(key.handle)])
        return Array(try JSON.encoder.encode(members.merging(identity)))
    }
}

extension GuestDraft: Described {
    package static let schemaName = "GuestDraft"
    package static let schema = JSONSchema.object([.optional("verified", .boolean)] + Guest.facts)

    fileprivate static let lineSchema = JSONSchema.object(
        [
            .required("network", .string(1...32)), .required("handle", .string(1...200)),
            .optional("verified", .boolean),
        ] + Guest.facts)
}

extension Backend {
    /// States what is known of a guest, replacing what was; answers whether the guest is new.
    ///
    /// Source and consent are plain names of up to 200 characters, kept when the statement says anything new. Throws `opted_out` for a person who asked to be left out, and what else a file's row would be refused for.
    package func put(
        _ draft: GuestDraft, for reference: GuestReference, source: String? = nil, consent: String? = nil,
        as principal: Principal, at now: Timestamp
    ) async throws -> (guest: Guest, isNew: Bool) {
        guard case .identity(let key) = reference else {
            throw PerksError.invalid("", "not_an_identity", "A guest is put by network:handle, such as twitter:ana_w.")
        }
        let line = try draft.line(for: key)
        let lines = AsyncStream<[UInt8]> { continuation in
            continuation.yield(line)
            continuation.finish()
        }
        let outcome = try await GuestImport(self, source: source, consent: consent, as: principal, at: now)
            .run(lines, format: .ndjson)
        if let refused = outcome.refused.first {
            let isGone = refused.reason == GuestImport.optedOutReason
            throw isGone ? PerksError(.optedOut, refused.reason) : PerksError.invalid("", "refused", refused.reason)
        }
        let guest = try await transaction(as: principal, readOnly: true) { connection in
            try Guest.find(reference, as: principal, in: connection)
        }
        return (guest, outcome.added == 1)
    }
}
