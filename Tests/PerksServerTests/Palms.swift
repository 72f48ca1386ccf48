import Perks
import PerksServer

/// What the tests of the desk begin with: a venue, topics, guests, a running campaign and its perk.
extension RunningServer {
    static let topics = """
        topicId,topicSlug,topicDisplayName
        2,coffee,Coffee
        3,espresso,Espresso
        4,casinos,Casinos

        """
    static let edges = """
        parentTopicId,parrentTopicSlug,childTopicId,childTopicSlug
        1,_ROOT_,2,coffee
        2,coffee,3,espresso
        1,_ROOT_,4,casinos

        """
    static let guests = """
        network,handle,birth_date,country,score,topics
        twitter,ana_w,1962-03-04,US,77.69,casinos:81.5
        twitter,ben,1990-01-01,US,58.24,coffee:40
        twitter,kid,2011-05-05,US,90,casinos:90
        twitter,ageless,,US,90,casinos:90

        """

    /// Sets all of it up over HTTP.
    func open() async throws {
        try await send(
            "POST", "/v1/venues", #"{"slug": "las-vegas", "name": "Las Vegas", "country": "US", "region": "NV"}"#)
        _ = try await upload("/v1/topic-imports", type: "text/csv", [Self.topics, Self.edges])
        _ = try await upload("/v1/guest-imports", type: "text/csv", [Self.guests])
        try await send(
            "POST", "/v1/campaigns", as: .manager,
            """
            {"slug": "opening-night", "name": "Opening night", "category": "gambling",
             "rule_text": "country in (US, CA)", "landing_url": "https://palms.example/opening"}
            """)
        try await send(
            "POST", "/v1/campaigns/opening-night/perks", as: .manager,
            """
            {"slug": "suite-upgrade", "name": "Suite upgrade", "benefit": {"kind": "upgrade", "item": "suite"},
             "rule_text": "score >= 60 and topic(casinos)", "stock": 2, "cost": 12000}
            """)
        try await send("PUT", "/v1/campaigns/opening-night/status", as: .manager, #"{"status": "active"}"#)
    }

    /// Hands a guest the suite.
    func redeem(
        _ guest: String, key: String, as role: Role = .clerk, _ headers: [(String, String)] = []
    ) async throws -> Answered {
        try await send(
            "POST", "/v1/redemptions", as: role,
            #"{"guest": "\#(guest)", "perk": "suite-upgrade", "venue": "las-vegas"}"#,
            headers: [("Idempotency-Key", key)] + headers)
    }
}
