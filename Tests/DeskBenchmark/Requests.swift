/// Makes requests as they go over the wire: a desk's each of the next guest and with a key of its own, a link's each of
/// somebody's browser.
struct Requests {
    private let headers: String
    private let venue: String
    private let guests: Int
    private var guest = 0
    private var chance = SystemRandomNumberGenerator()

    init(key: String, venue: String, guests: Int) {
        headers = "Host: localhost\r\nAuthorization: Bearer \(key)\r\nContent-Type: application/json\r\n"
        self.venue = venue
        self.guests = guests
    }

    /// The next request of this work.
    mutating func next(_ work: Phase.Work) -> String {
        switch work {
        case .healthz: return "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        case .healthzOfBrowsers: return "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(visitor())\r\n"
        case .checkIn:
            return post("/v1/check-ins", "{\"guest\":\"\(nextGuest())\",\"venue\":\"\(venue)\"}")
        case .redemption(let perks):
            let perk = perks.randomElement(using: &chance) ?? ""
            return post(
                "/v1/redemptions", "{\"guest\":\"\(nextGuest())\",\"perk\":\"\(perk)\",\"venue\":\"\(venue)\"}",
                "Idempotency-Key: \(chance.next())-\(chance.next())\r\n")
        case .redirect(let tokens):
            return
                "GET /s/\(tokens.randomElement(using: &chance) ?? "") HTTP/1.1\r\nHost: localhost\r\n\(visitor())\r\n"
        }
    }

    /// The headers of somebody's browser, as a proxy passes them on: hardly ever the same visitor's twice.
    private mutating func visitor() -> String {
        let address = UInt32.random(in: 0..<1 << 17, using: &chance)
        let agent = Self.agents.randomElement(using: &chance) ?? ""
        return
            "User-Agent: \(agent)\r\nX-Forwarded-For: 198.\(18 + address >> 16).\(address >> 8 & 255).\(address & 255)\r\n"
    }

    private static let agents = [
        "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Linux; Android 10; K",
        "X11; CrOS x86_64 14541.0.0",
    ].flatMap { system in
        (84..<144).map { version in
            "Mozilla/5.0 (\(system)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/\(version).0.0.0 Safari/537.36"
        }
    }

    private mutating func nextGuest() -> String {
        guest = guest % guests + 1
        return "twitter:guest_\(guest)"
    }

    private func post(_ path: String, _ body: String, _ more: String = "") -> String {
        "POST \(path) HTTP/1.1\r\n\(headers)\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
