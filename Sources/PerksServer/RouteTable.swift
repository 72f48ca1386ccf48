import HTTPTypes
import Perks

/// Finds the endpoint for a path and a method.
struct RouteTable: Sendable {
    /// What a request's path and method lead to.
    enum Match {
        case endpoint(Endpoint, captures: [String: String])
        /// The path is known, the method is not.
        case otherMethods(PathPattern, [HTTPRequest.Method])
        case nothing
    }

    private struct Route {
        let path: PathPattern
        var endpoints: [HTTPRequest.Method: Endpoint]
    }

    /// The routes by their number of segments, those with literal segments first.
    private let routes: [Int: [Route]]

    init(_ endpoints: [Endpoint]) {
        let byPath = Dictionary(grouping: endpoints, by: \.path).map { path, endpoints in
            Route(path: path, endpoints: Dictionary(endpoints.map { ($0.method, $0) }) { first, _ in first })
        }
        routes = Dictionary(grouping: byPath, by: \.path.count).mapValues { routes in
            routes.sorted { $0.path.precedes($1.path) }
        }
    }

    /// Finds the endpoint of a raw path; HEAD leads where GET does.
    ///
    /// - Throws: `invalid_request` when the path is not percent-encoded properly.
    func find(_ method: HTTPRequest.Method, _ path: String) throws(PerksError) -> Match {
        guard path.hasPrefix("/") else { return .nothing }
        var segments: [String] = []
        // Split before decoding: an encoded slash belongs to its segment.
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let decoded = segment.percentDecoded else {
                throw PerksError(.invalidRequest, "The path is not percent-encoded UTF-8. Encode each segment alone.")
            }
            segments.append(decoded)
        }
        for route in routes[segments.count] ?? [] {
            guard let captures = route.path.match(segments) else { continue }
            if let endpoint = route.endpoints[method == .head ? .get : method] {
                return .endpoint(endpoint, captures: captures)
            }
            var methods = Set(route.endpoints.keys)
            if methods.contains(.get) { methods.insert(.head) }
            return .otherMethods(route.path, methods.sorted { $0.rawValue < $1.rawValue })
        }
        return .nothing
    }
}
