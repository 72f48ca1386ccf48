/// Makes requests as they go over the wire, each of the next guest and with a key of its own.
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
        case .checkIn:
            return post("/v1/check-ins", "{\"guest\":\"\(nextGuest())\",\"venue\":\"\(venue)\"}")
        case .redemption(let perks):
            let perk = perks.randomElement(using: &chance) ?? ""
            return post(
                "/v1/redemptions", "{\"guest\":\"\(nextGuest())\",\"perk\":\"\(perk)\",\"venue\":\"\(venue)\"}",
                "Idempotency-Key: \(chance.next())-\(chance.next())\r\n")
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
