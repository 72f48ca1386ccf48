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
        var address = channel.remoteAddress?.ipAddress ?? ""
        if proxies > 0, let named = headers[.forwardedFor] {
            let callers = named.utf8.split(separator: UInt8(ascii: ","))
            if let caller = callers.suffix(proxies).first {
                address = String(decoding: caller.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self)
            }
        }
        self.init(
            address: String(address.prefix(64)), agent: headers[.userAgent], isHead: method == .head,
            purposes: Visit.purposes.compactMap { headers[$0] })
    }

    private static let purposes: [HTTPField.Name] = [.purpose, .secPurpose, .ownPurpose, .mozillaPurpose]
}
