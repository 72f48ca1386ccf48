import HTTPTypes
import NIOCore
import Perks
import Postgres

/// The links that guests post, for whoever follows them.
enum LinkRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get, path: PathPattern("/s/{token}"),
            summary: "Follow a share's link to the campaign's landing page",
            handler: .link { backend, token, visit, now in
                let followed = try await backend.follow(token, visit, at: now)
                return Reply(.found).with(.location, followed.location).with(.robotsTag, "noindex, nofollow")
            },
            answer: Answer(status: .found, content: []), problems: [.notFound])
    ]
}

extension Visit {
    /// What a request tells of who follows a link.
    ///
    /// Each proxy of ours that it has come through has named its own caller at the end of X-Forwarded-For.
    init(_ method: HTTPRequest.Method, _ headers: HTTPFields, from channel: any Channel, through proxies: Int) {
        var (agent, callers): (String?, String?) = (nil, nil)
        var purposes: [String] = []
        // Once through all of them is quicker than looking for six.
        for field in headers {
            switch field.name {
            case .userAgent: agent = field.value
            case .forwardedFor: callers = callers.map { "\($0),\(field.value)" } ?? field.value
            case .purpose, .secPurpose, .ownPurpose, .mozillaPurpose: purposes.append(field.value)
            default: break
            }
        }
        self.init(
            address: Visit.address(named: proxies > 0 ? callers : nil, through: proxies)
                ?? channel.remoteAddress?.ipAddress ?? "",
            agent: agent, isHead: method == .head, purposes: purposes)
    }

    private static func address(named callers: String?, through proxies: Int) -> String? {
        let caller = callers?.utf8.split(separator: UInt8(ascii: ",")).suffix(proxies).first
        return caller.map { String(decoding: $0.filter { $0 != UInt8(ascii: " ") }.prefix(64), as: UTF8.self) }
    }
}
