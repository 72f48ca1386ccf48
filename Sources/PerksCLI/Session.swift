import ArgumentParser
import Foundation
import Logging
import Perks
import Postgres

/// A command at work: a database, for whom it acts, and where its answers go.
struct Session: Sendable {
    let backend: Backend
    let principal: Principal
    let output: Output
    /// Where the service is reached from outside: what links begin with.
    let publicURL: String
    /// The moment the command was given.
    let now: Timestamp

    /// Opens a session, runs a body in it and closes it; failures come back in the form that the flags ask for.
    static func run(_ options: some SessionOptions, _ body: (Session) async throws -> Void) async throws {
        let settings = try Settings()
        let format = try settings.output(options.common.output)
        do {
            let url = try await settings.database(dataDirectory: options.common.dataDirectory)
            let backend = Backend(.init(url: url, applicationName: "perks", maximumConnections: 2), logger: .quiet)
            do {
                try await backend.checkSchema()
                let principal = try await backend.principal(options.scope, settings: settings)
                var output = Output(format: format)
                if let brand = principal.brand { output.zone = brand.zone }
                let publicURL = try settings.publicURL ?? "http://\(settings.host):\(settings.port)"
                try await body(
                    Session(
                        backend: backend, principal: principal, output: output, publicURL: publicURL, now: .now()))
                await backend.database.close()
            } catch {
                await backend.database.close()
                throw error
            }
        } catch {
            throw Failure(error, in: format)
        }
    }

    /// Reads in one transaction.
    func read<Result: Sendable>(
        isolation: Isolation = .readCommitted, _ body: @Sendable (isolated Connection) throws -> Result
    ) async throws -> Result {
        try await backend.transaction(as: principal, readOnly: true, isolation: isolation, body)
    }

    /// The key that the caller gave, or one that is made up and told, for repeating after a fault.
    func idempotencyKey(_ given: String?) throws -> IdempotencyKey {
        let text = given ?? "cli-\(UUID().uuidString.lowercased())"
        guard let key = IdempotencyKey(text) else {
            throw PerksError.invalid("/key", "wrong_format", "A key has 1 to 255 visible characters without spaces.")
        }
        if given == nil { output.note("To repeat exactly this request: --key \(text)") }
        return key
    }

    /// Changes something, all of it or nothing.
    func write<Result: Sendable>(
        _ body: @Sendable (isolated Connection) throws -> Result
    ) async throws -> Result {
        try await backend.transaction(as: principal, body)
    }
}

/// A command that works on the database.
protocol SessionCommand: AsyncParsableCommand {
    associatedtype Options: SessionOptions
    var options: Options { get }

    /// Does the command's work.
    func run(in session: Session) async throws
}

extension SessionCommand {
    func run() async throws {
        try await Session.run(options) { session in try await run(in: session) }
    }
}

extension Backend {
    /// Throws what to do when the database does not answer or has another schema.
    func checkSchema() async throws {
        do {
            // Asked plainly first, so that a failure keeps its cause.
            try await database.read("select 1")
            try await checkReadiness()
        } catch let error as PostgresError where error.isRoleMissing {
            throw PerksError(.unavailable, "The database does not have this version's schema. Run `perks migrate`.")
        } catch let error as PostgresError where error.isRoleRefused {
            throw PerksError(
                .unavailable,
                "This user of the database may not act as perks_app. Run `perks migrate` once as that user, or grant it."
            )
        }
    }

    fileprivate func principal(_ scope: Scope, settings: Settings) async throws -> Principal {
        let platform = Principal(role: .operator, actor: "cli:\(Backend.user)", brand: nil)
        let name: String?
        switch scope {
        case .platform: return platform
        case .brand(let flag):
            name = flag ?? settings.brand
            guard name != nil else {
                throw PerksError(.brandRequired, "This needs a brand: give --brand, or set PERKS_BRAND.")
            }
        case .brandOrPlatform(let flag): name = flag ?? settings.brand
        }
        guard let name else { return platform }
        let reference = try Brand.reference(name)
        let brand = try await transaction(as: platform, readOnly: true) { connection in
            try Brand.find(reference, as: platform, in: connection)
        }
        return Principal(role: .operator, actor: platform.actor, brand: brand)
    }

    /// Whose terminal this is, for the audit log.
    private static var user: String {
        let name = NSUserName()
        return name.isEmpty ? "uid-\(getuid())" : name
    }
}

extension PostgresError {
    /// Whether no migration has ever made the roles.
    fileprivate var isRoleMissing: Bool { sqlState == "22023" && message.contains("perks_app") }

    /// Whether this user may not take the role on.
    fileprivate var isRoleRefused: Bool { sqlState == "42501" && message.contains("perks_app") }
}

extension Noun {
    /// Reads an id or a slug; throws `<noun>_not_found` for what can be neither.
    static func reference(_ text: String) throws -> Reference<Self> {
        guard let reference = Reference<Self>(text) else {
            throw PerksError(
                PerksError.Code(rawValue: noun + "_not_found") ?? .notFound,
                "\(text) names no \(noun): a slug has lower-case letters, digits and hyphens, an id begins with \(noun)_."
            )
        }
        return reference
    }

    /// Reads an id; throws `<noun>_not_found` for what is none.
    static func identifier(_ text: String) throws -> ID<Self> {
        guard let id = ID<Self>(text) else {
            throw PerksError(
                PerksError.Code(rawValue: noun + "_not_found") ?? .notFound,
                "\(text) is no id of a \(noun.replacing("_", with: "-")): those begin with \(noun)_.")
        }
        return id
    }
}

extension Logger {
    /// Says nothing but what a person at a terminal could not learn from the command's own answer.
    static var quiet: Logger {
        var logger = Logger(label: "perks") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        return logger
    }
}
