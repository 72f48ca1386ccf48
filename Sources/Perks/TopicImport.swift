import Eligibility
import Foundation
import Postgres

/// Loads a topic ontology: a CSV file of topics and one of their edges, in the form in which Klout published its own.
///
/// Importing again is an update: a topic is the same while its id is; a new slug renames it and the old one goes on
/// naming it; a topic that is gone is retired and keeps its place.
package struct TopicImport: Sendable {
    /// What an import changed.
    package struct Outcome: Codable, Sendable, Described {
        /// How many topics there are afterwards, the root and retired ones not counted.
        package var topics: Int
        package var added: Int
        package var updated: Int
        package var unchanged: Int
        package var retired: Int
        /// How many (ancestor, descendant) pairs there are, the root counted, a topic not paired with itself.
        package var pairs: Int

        package static let schemaName = "TopicImportOutcome"
        package static let schema = JSONSchema.object(
            ["topics", "added", "updated", "unchanged", "retired", "pairs"].map { .required($0, .integer(0...Int.max)) }
        )
    }

    private static let topicHeader = ["topicid", "topicslug", "topicdisplayname"]
    // The published file misspells the second column; a corrected one is welcome too.
    private static let edgeHeaders = [
        ["parenttopicid", "parrenttopicslug", "childtopicid", "childtopicslug"],
        ["parenttopicid", "parenttopicslug", "childtopicid", "childtopicslug"],
    ]

    let backend: Backend
    let principal: Principal
    let now: Timestamp

    package init(_ backend: Backend, as principal: Principal, at now: Timestamp) {
        self.backend = backend
        self.principal = principal
        self.now = now
    }

    /// Reads both files, one after the other in one stream (`cat topics.csv edges.csv`), and merges them in one transaction.
    ///
    /// The ontology is bounded (100,000 rows), and is held in memory while it is read.
    package func run<Bytes: AsyncSequence & Sendable>(_ bytes: Bytes) async throws -> Outcome
    where Bytes.Element == [UInt8] {
        var csv = CSV()
        var file = OntologyFile()
        for try await chunk in bytes {
            try csv.feed(chunk) { try file.take($0) }
        }
        try csv.finish { try file.take($0) }
        try file.check()
        return try await backend.transaction(as: principal) { [file, principal, now] connection in
            try connection.limitStatements(to: .seconds(120))
            return try Self.merge(file, as: principal, at: now, in: connection)
        }
    }

    /// The rows of both files.
    private struct OntologyFile: Sendable {
        private enum Section { case topics, edges }
        private var section: Section?
        private(set) var ids: [String] = []
        private(set) var slugs: [String] = []
        private(set) var names: [String] = []
        private(set) var wikidata: [String] = []
        private(set) var freebase: [String] = []
        private(set) var parents: [String] = []
        private(set) var parentSlugs: [String] = []
        private(set) var children: [String] = []
        private(set) var childSlugs: [String] = []

        mutating func take(_ record: CSV.Record) throws {
            guard case .success(let cells) = record.content else {
                if case .failure(let fault) = record.content { throw refusal(record.line, fault.reason) }
                return
            }
            let lowered = cells.map { $0.lowercased() }
            if lowered.starts(with: topicHeader) {
                section = .topics
            } else if edgeHeaders.contains(lowered) {
                section = .edges
            } else {
                switch section {
                case .topics: try takeTopic(cells, line: record.line)
                case .edges: try takeEdge(cells, line: record.line)
                case nil: throw refusal(record.line, "The file must begin with topicId,topicSlug,topicDisplayName.")
                }
            }
        }

        private mutating func takeTopic(_ cells: [String], line: Int) throws {
            guard cells.count >= 3, isID(cells[0]), isSlug(cells[1]), !cells[2].isEmpty,
                cells[2].unicodeScalars.count <= 200
            else {
                throw refusal(line, "A topic needs an id of digits, a slug and a name.")
            }
            guard ids.count < 100_000 else { throw refusal(line, "There are more than 100,000 topics.") }
            ids.append(cells[0])
            slugs.append(cells[1].precomposedStringWithCanonicalMapping)
            names.append(cells[2].precomposedStringWithCanonicalMapping)
            wikidata.append(cells.count > 3 ? cells[3] : "")
            freebase.append(cells.count > 4 ? cells[4] : "")
        }

        private mutating func takeEdge(_ cells: [String], line: Int) throws {
            guard cells.count == 4, isID(cells[0]), isSlug(cells[1]), isID(cells[2]), isSlug(cells[3]) else {
                throw refusal(line, "An edge needs the ids and slugs of a parent and a child.")
            }
            guard parents.count < 1_000_000 else { throw refusal(line, "There are more than 1,000,000 edges.") }
            parents.append(cells[0])
            parentSlugs.append(cells[1].precomposedStringWithCanonicalMapping)
            children.append(cells[2])
            childSlugs.append(cells[3].precomposedStringWithCanonicalMapping)
        }

        /// Throws when the files contradict themselves.
        func check() throws {
            guard !ids.isEmpty else { throw refusal(1, "There are no topics in it.") }
            var slugOfID: [String: String] = [:]
            for (id, slug) in zip(ids, slugs) {
                guard slugOfID.updateValue(slug, forKey: id) == nil else {
                    throw refusal(nil, "Two topics have the id \(id).")
                }
            }
            for (id, slug) in Array(zip(parents, parentSlugs)) + Array(zip(children, childSlugs))
            where slugOfID[id] == nil {
                slugOfID[id] = slug
            }
            var seen: Set<String> = []
            if let twice = slugOfID.values.sorted().first(where: { !seen.insert($0).inserted }) {
                throw refusal(nil, "Two topics have the slug \(twice).")
            }
        }

        private func isID(_ text: String) -> Bool {
            (1...20).contains(text.utf8.count)
                && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }

        private func isSlug(_ text: String) -> Bool {
            (1...200).contains(text.unicodeScalars.count)
                && !text.contains { $0.isWhitespace || $0 == "\"" || $0 == "\0" }
        }

        private func refusal(_ line: Int?, _ reason: String) -> PerksError {
            let place = line.map { "line \($0)" } ?? ""
            let detail = (line.map { "Line \($0): " } ?? "") + reason + " Nothing was imported."
            return .invalid(place, "bad_row", detail)
        }
    }
}

extension TopicImport {
    private static func merge(
        _ file: OntologyFile, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Outcome {
        // Two imports at once would both compute the closure; the second waits.
        try connection.execute("lock table topic_closure in share row exclusive mode")
        try stage(file, in: connection)
        let counts = try connection.query(
            """
            with added as (
                insert into topic (source_id, slug, name, wikidata_id, freebase_id, is_root, created_at)
                select s.source_id, s.slug, s.name, s.wikidata_id, s.freebase_id, s.is_root, \(now)
                from topic_stage s
                where not exists (select from topic t where t.source_id = s.source_id)
                order by s.position
                returning is_root
            ), updated as (
                update topic t
                set slug = s.slug, name = s.name, wikidata_id = s.wikidata_id, freebase_id = s.freebase_id,
                    is_root = s.is_root, retired_at = null
                from topic_stage s
                where s.source_id = t.source_id
                    and (t.slug, t.name, t.wikidata_id, t.freebase_id, t.is_root, t.retired_at)
                        is distinct from (s.slug, s.name, s.wikidata_id, s.freebase_id, s.is_root, null)
                returning t.is_root
            ), retired as (
                update topic t set retired_at = \(now)
                where t.retired_at is null and not exists (select from topic_stage s where s.source_id = t.source_id)
                returning t.is_root
            )
            select (select count(*) from added where not is_root) as added,
                   (select count(*) from updated where not is_root) as updated,
                   (select count(*) from retired) as retired,
                   (select count(*) from topic_stage where not is_root) as topics
            """)[0]
        // A retired topic makes way when a new one takes its slug.
        try connection.execute(
            """
            update topic t set slug = t.slug || '~' || t.source_id
            where t.retired_at is not null
                and exists (select from topic_stage s where s.slug = t.slug and s.source_id <> t.source_id)
            """)
        // Slugs may have changed hands within this import; the current ones win, old ones stay as other names.
        try connection.execute(
            """
            insert into topic_name (slug, topic_id) select slug, id from topic
            on conflict on constraint topic_name_pkey do update set topic_id = excluded.topic_id
            where topic_name.topic_id <> excluded.topic_id
            """)
        let pairs = try rebuildEdges(in: connection)
        let (added, updated, retired): (Int, Int, Int) = (
            try counts["added"], try counts["updated"], try counts["retired"]
        )
        let topics: Int = try counts["topics"]
        let outcome = Outcome(
            topics: topics, added: added, updated: updated, unchanged: topics - added - updated, retired: retired,
            pairs: pairs)
        try connection.execute("update brand set catalogue_revision = catalogue_revision + 1")
        try AuditEvent.record(
            "topic.import", try JSONValue(of: outcome).members, as: principal, at: now, in: connection)
        return outcome
    }

    private static func stage(_ file: OntologyFile, in connection: isolated Connection) throws {
        try connection.script(
            """
            create temporary table topic_stage (
                position bigint, source_id text primary key, slug text not null, name text not null, wikidata_id text,
                freebase_id text, is_root boolean not null
            ) on commit drop;
            create temporary table edge_stage (parent text not null, child text not null) on commit drop;
            """)
        try connection.execute(
            """
            insert into topic_stage
            select u.position, u.id, u.slug, u.name, nullif(u.wikidata, ''), nullif(u.freebase, ''), false
            from unnest(\(file.ids), \(file.slugs), \(file.names), \(file.wikidata), \(file.freebase)) with ordinality
                u (id, slug, name, wikidata, freebase, position)
            """)
        // An edge may name a topic that the list lacks: the root, which is published as its own parent, and orphans.
        try connection.execute(
            """
            insert into topic_stage
            select 1000000 + min(u.position), u.id, min(u.slug), min(u.slug), null, null,
                   bool_or(u.id = u.other or u.slug = '_ROOT_')
            from (
                select * from unnest(\(file.parents), \(file.parentSlugs), \(file.children)) with ordinality
                    p (id, slug, other, position)
                union all
                select * from unnest(\(file.children), \(file.childSlugs), \(file.parents)) with ordinality
                    c (id, slug, other, position)
            ) u
            where not exists (select from topic_stage s where s.source_id = u.id)
            group by u.id
            """)
        try connection.execute(
            """
            insert into edge_stage
            select distinct e.parent, e.child from unnest(\(file.parents), \(file.children)) e (parent, child)
            where e.parent <> e.child
            """)
    }

    /// Replaces the edges between topics that are still published and computes the closure anew; answers its strict pairs.
    private static func rebuildEdges(in connection: isolated Connection) throws -> Int {
        try connection.script(
            """
            create temporary table edge_now on commit drop as
                select p.id as parent_id, c.id as child_id
                from edge_stage e join topic p on p.source_id = e.parent join topic c on c.source_id = e.child;
            delete from topic_parent e
            using topic p, topic c
            where p.id = e.parent_id and c.id = e.child_id and p.retired_at is null and c.retired_at is null
                and not exists (select from edge_now n where n.parent_id = e.parent_id and n.child_id = e.child_id);
            insert into topic_parent (parent_id, child_id)
            select parent_id, child_id from edge_now on conflict on constraint topic_parent_pkey do nothing;

            create temporary table closure_now on commit drop as
                with recursive below (ancestor_id, descendant_id) as (
                    select id, id from topic
                    union
                    select b.ancestor_id, e.child_id
                    from below b join topic_parent e on e.parent_id = b.descendant_id
                )
                select ancestor_id, descendant_id from below;
            delete from topic_closure c
            where not exists (
                select from closure_now n
                where n.ancestor_id = c.ancestor_id and n.descendant_id = c.descendant_id);
            insert into topic_closure (ancestor_id, descendant_id)
            select ancestor_id, descendant_id from closure_now on conflict on constraint topic_closure_pkey do nothing;
            """)
        return try connection.query(
            "select count(*) as pairs from topic_closure where ancestor_id <> descendant_id")[0]["pairs"]
    }
}
