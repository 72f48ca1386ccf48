import ArgumentParser
import Logging
import Perks
import PerksServer
import Postgres

/// `perks serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the HTTP API until told to stop.",
        discussion: """
            Logs are lines of JSON on standard error. SIGTERM and Ctrl-C let requests under way finish, then end it. \
            The API describes itself at /docs and /openapi.json; /healthz and /readyz are for whoever watches it.

            Example: perks serve --host 127.0.0.1 --port 8080
            """)

    @Option(help: "The address to listen on. (default: 127.0.0.1)") var host: String?
    @Option(help: "The port to listen on; 0 for any that is free. (default: 8080)") var port: Int?
    @Option(
        help: "Where the service is reached from outside, such as https://perks.example. (default: where it listens)")
    var publicURL: String?
    @Option(help: "How many proxies stand in front and name their callers in X-Forwarded-For.") var trustedProxies = 0
    @Option(help: "How many connections to the database there are at most.") var connections = 16
    @OptionGroup var options: CommonOptions

    func validate() throws {
        if let port, !(0...65_535).contains(port) { throw ValidationError("--port is from 0 to 65535.") }
        guard (0...10).contains(trustedProxies) else { throw ValidationError("--trusted-proxies is from 0 to 10.") }
        guard (1...1000).contains(connections) else { throw ValidationError("--connections is from 1 to 1000.") }
    }

    func run() async throws {
        let settings = try Settings(flags: publicURL.map { ["public_url": $0] } ?? [:])
        let (host, port, publicURL) = (host ?? settings.host, try port ?? settings.port, try settings.publicURL)
        let logger = Logger(label: "perks") { _ in JSONLogHandler() }
        let url = try await settings.database(dataDirectory: options.dataDirectory)
        let backend = Backend(
            .init(url: url, applicationName: "perks serve", maximumConnections: connections), logger: logger)
        do {
            try await backend.checkSchema()
        } catch {
            await backend.database.close()
            throw error
        }
        let server = Server(
            backend: backend,
            configuration: .init(
                host: host, port: port, publicURL: publicURL, trustedProxies: trustedProxies, stopsOnSignals: true),
            logger: logger
        ) { port in
            guard Terminal.standardError.isTerminal else { return }
            Terminal.standardError.say(
                "Serving http://\(host):\(port), described at http://\(host):\(port)/docs. Ctrl-C ends it.")
        }
        do {
            try await server.run()
        } catch {
            throw PerksError(.internal, "The server on \(host):\(port) ended: \(error)")
        }
    }
}
