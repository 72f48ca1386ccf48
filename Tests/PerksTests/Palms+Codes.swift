import Postgres
import Testing

@testable import Perks

extension Palms {
    /// A brand with a running campaign and a perk that has no codes yet.
    static func beforeCodes() async throws -> Palms {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        return palms
    }

    /// All codes of a perk, page by page.
    func codes(_ perk: String = "suite-upgrade", status: Code.Status? = nil) async throws -> [Code] {
        try await backend.transaction(as: owner, readOnly: true) { [owner] connection in
            var (codes, cursor): ([Code], String?) = ([], nil)
            repeat {
                let page = try Code.list(
                    PageRequest(limit: 200, cursor: cursor), of: .slug(perk), status: status, as: owner, in: connection)
                codes += page.data
                cursor = page.nextCursor
            } while cursor != nil
            return codes
        }
    }

    func pool() async throws -> CodePool {
        try await backend.transaction(as: owner, readOnly: true) { [owner] connection in
            try CodePool.find(of: .slug("suite-upgrade"), as: owner, in: connection)
        }
    }

    func generate(_ pattern: String, _ count: Int) async throws -> CodeImport.Outcome {
        try await CodeImport(backend, as: owner, at: Palms.now)
            .run(CodeGeneration(pattern: pattern, count: count), for: .slug("suite-upgrade"))
    }

    func perkAndBrand() async throws -> (ID<Perk>, ID<Brand>) {
        try await backend.transaction(as: owner) { [owner] connection in
            let perk = try Perk.find(.slug("suite-upgrade"), as: owner, in: connection)
            return (perk.id, try owner.requiredBrand().id)
        }
    }

    /// Gives the first codes to redemptions that were made before there were any, one each.
    func handOut(_ redemptions: [ID<Redemption>]) async throws {
        let database = Database(.init(url: url, maximumConnections: 1), logger: Palms.logger)
        try await database.transaction { connection in
            try connection.execute(
                """
                update claim c set takes_code = true, code_position = r.position
                from unnest(\(redemptions)) with ordinality r (id, position) where c.id = r.id
                """)
            try connection.execute("update code_pool set taken = \(redemptions.count)")
        }
        await database.close()
    }

    /// Holds every pool of all brands against the codes that there are.
    func expectNoGaps(codes: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await count("select count(*) from code") == codes, sourceLocation: sourceLocation)
        #expect(
            try await count("select coalesce(sum(total), 0)::bigint as count from code_pool") == codes,
            sourceLocation: sourceLocation)
        // Positions are unique, so that as many as the last is high leave no gap.
        let gaps = try await count(
            """
            select count(*) from code_pool p
            join lateral (
                select count(*) as codes, max(k.position) as last
                from code k where k.brand_id = p.brand_id and k.perk_id = p.perk_id
            ) k on (k.codes, k.last) is distinct from (p.total, p.total)
            """)
        #expect(gaps == 0, sourceLocation: sourceLocation)
    }
}
