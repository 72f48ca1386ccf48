import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Perks
import Postgres
import ServiceLifecycle
import UnixSignals

/// The HTTP server with all it needs: the composition root that `serve` and the tests share.
package struct Server: Service {
    private let backend: Backend
    private let configuration: Configuration
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// Puts a server together; `run` starts it, and `onListening` is told the port once connections are accepted.
    package init(
        backend: Backend, configuration: Configuration = Configuration(), logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.backend = backend
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until it is told to stop: then requests under way are finished, and whatever the database does.
    ///
    /// - Throws: when the address cannot be bound.
    package func run() async throws {
        // The last comes down first.
        var group = ServiceGroupConfiguration(
            services: [
                backend.database, CatalogueListener(backend: backend), LinkListener(backend: backend),
                LastClicks(backend: backend, logger: logger),
                Sweeper(backend: backend, now: configuration.now, logger: logger), application,
            ], logger: quietLogger)
        group.gracefulShutdownSignals = configuration.stopsOnSignals ? [.sigterm, .sigint] : []
        group.maximumGracefulShutdownDuration = configuration.shutdownTimeout
        try await ServiceGroup(configuration: group).run()
    }

    private var application: Application<Responder> {
        Application(
            responder: Responder(Endpoints.all, backend: backend, configuration: configuration, logger: logger),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [RequestGuard(timeout: configuration.requestTimeout, logger: logger)],
                    idleTimeout: TimeAmount(configuration.idleTimeout),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1024,
                availableConnectionsDelegate: .maximum(configuration.maximumConnections, logger: quietLogger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                logger.info("listening", metadata: ["host": "\(configuration.host)", "port": .stringConvertible(port)])
                await onListening(port)
            },
            logger: quietLogger)
    }

    /// For the libraries underneath, which say little that an operator wants to read.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }
}

/// Keeps the remembered catalogues up to date while the server runs.
private struct CatalogueListener: Service {
    let backend: Backend

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await backend.catalogues.forgetChanged(announcedBy: backend.database)
        }
    }
}

/// Keeps the remembered links up to date while the server runs.
private struct LinkListener: Service {
    let backend: Backend

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await backend.links.forgetChanged(announcedBy: backend.database)
        }
    }
}

/// Waits, once nobody is answered any more, until the last clicks are recorded.
private struct LastClicks: Service {
    let backend: Backend
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        do {
            try await backend.recordClicks()
        } catch {
            logger.error("the last clicks were not recorded", metadata: ["error": "\(error)"])
        }
    }
}

/// Ends the holds that are due, also those of the time when no server ran, forgets answers that nobody may ask for again, and
/// destroys the keys of visitors whose days are over.
///
/// Nothing waits for it: a hold that is due counts as expired wherever it matters.
private struct Sweeper: Service {
    let backend: Backend
    let now: @Sendable () -> Timestamp
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let expired = try await backend.expireHolds(at: now())
                    if expired > 0 { logger.info("holds expired", metadata: ["count": .stringConvertible(expired)]) }
                    _ = try await backend.forgetOldAnswers(at: now())
                    try await backend.destroyVisitorKeys(at: now())
                } catch let error as PerksError {
                    logger.warning("holds were not swept", metadata: ["error": "\(error.detail)"])
                } catch {
                    logger.error("holds were not swept", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }
}
