import Eligibility
import Foundation
import Postgres

/// Something people are listened to about.
package struct Topic: Codable, Sendable {
    package let slug: String
    package let name: String
    /// The slugs of the topics directly above it.
    package let parents: [String]
    /// Since when the published list no longer has it; rules that name it go on working.
    package let retiredAt: Timestamp?

    private enum CodingKeys: String, CodingKey {
        case slug, name, parents
        case retiredAt = "retired_at"
    }
}

extension Topic: Described {
    package static let schemaName = "Topic"
    package static let schema = JSONSchema.object([
        .required("slug", .string(1...200)),
        .required("name", .string(1...200)),
        .required("parents", .array(of: .string())),
        .optional("retired_at", .timestamp),
    ])

    /// The topics whose slug or name contains a text, below a topic if one is named; oldest first.
    package static func list(
        _ page: PageRequest, under: String?, containing text: String?, in connection: isolated Connection
    ) throws -> Page<Topic> {
        var scope: Query = "true"
        if let under {
            guard let root = try connection.query("select topic_id from topic_name where slug = \(under)").first else {
                throw PerksError(
                    .topicNotFound,
                    "There is no topic \(under). `GET /v1/topics?q=` finds topics by a part of their name.")
            }
            let id: Int = try root["topic_id"]
            scope =
                "exists (select from topic_closure c where c.ancestor_id = \(id) and c.descendant_id = t.id and t.id <> \(id))"
        }
        let matching: Query =
            text.map { "(position(lower(\($0)) in lower(t.name)) > 0 or position(lower(\($0)) in lower(t.slug)) > 0)" }
            ?? "true"
        // A topic's id is a small number; it travels in the low half of a UUID, as every cursor does.
        let after = Int(truncatingIfNeeded: page.after.bits)
        let rows = try connection.query(
            """
            select t.id, t.slug, t.name, t.retired_at,
                   array(select p.slug from topic_parent e join topic p on p.id = e.parent_id
                         where e.child_id = t.id and not p.is_root order by p.slug) as parents
            from topic t
            where t.id > \(after) and not t.is_root and \(fragment: scope) and \(fragment: matching)
            order by t.id limit \(page.rows)
            """)
        let topics = try rows.map { row in
            Numbered(
                id: try row["id"],
                topic: Topic(
                    slug: try row["slug"], name: try row["name"], parents: try row["parents"],
                    retiredAt: try row["retired_at"]))
        }
        let numbered = Page(topics, for: page) { UUID(bits: UInt128($0.id)) }
        return Page(data: numbered.data.map(\.topic), nextCursor: numbered.nextCursor)
    }

    private struct Numbered: Codable {
        let id: Int
        let topic: Topic
    }
}

/// Every slug that a topic has or had, with the topic it names.
struct TopicNames: Sendable {
    private let ids: [String: Int]

    init(in connection: isolated Connection) throws {
        var ids: [String: Int] = [:]
        for row in try connection.query("select slug, topic_id from topic_name") {
            ids[try row["slug"]] = try row["topic_id"]
        }
        self.ids = ids
    }

    subscript(slug: String) -> Int? { ids[slug] }

    /// The known slugs that are spelled most like an unknown one, nearest first; none when none comes close.
    func nearest(to slug: String) -> [String] {
        Spelling.nearest(to: slug, among: ids.keys)
    }
}
