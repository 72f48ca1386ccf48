import Perks
import Postgres

extension Server {
    /// Where to listen and how much to put up with.
    package struct Configuration: Sendable {
        package var host: String
        /// Zero for any free port.
        package var port: Int
        /// Where the service is reached from outside, such as `https://perks.example`; where it listens, if nil.
        package var publicURL: String?
        /// How many proxies stand in front, each of which names its caller at the end of X-Forwarded-For.
        package var trustedProxies: Int
        /// How many connections are open at most; more wait to be accepted.
        package var maximumConnections: Int
        /// How long a connection may be silent, between requests or within one.
        package var idleTimeout: Duration
        /// How long a request may take to arrive, unless it is a file.
        package var requestTimeout: Duration
        /// How long requests under way may take once the server is told to stop.
        package var shutdownTimeout: Duration
        /// How many bytes of JSON a request may carry.
        package var maximumBodySize: Int
        /// Whether SIGTERM and SIGINT stop the server.
        package var stopsOnSignals: Bool
        /// The clock.
        package var now: @Sendable () -> Timestamp

        package init(
            host: String = "127.0.0.1",
            port: Int = 8080,
            publicURL: String? = nil,
            trustedProxies: Int = 0,
            maximumConnections: Int = 4096,
            idleTimeout: Duration = .seconds(75),
            requestTimeout: Duration = .seconds(30),
            shutdownTimeout: Duration = .seconds(30),
            maximumBodySize: Int = 1 << 20,
            stopsOnSignals: Bool = false,
            now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
        ) {
            self.host = host
            self.port = port
            self.publicURL = publicURL
            self.trustedProxies = trustedProxies
            self.maximumConnections = maximumConnections
            self.idleTimeout = idleTimeout
            self.requestTimeout = requestTimeout
            self.shutdownTimeout = shutdownTimeout
            self.maximumBodySize = maximumBodySize
            self.stopsOnSignals = stopsOnSignals
            self.now = now
        }
    }
}
