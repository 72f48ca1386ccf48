import CLibPQ
import Foundation

/// Where a database is and how to get there, as libpq's keywords; the one place that reads the secrets in it.
struct Address: Sendable {
    let parameters: [(keyword: String, value: String)]
    private let password: String

    /// - Throws: a `usage` error, which quotes nothing of the address.
    init(_ configuration: Database.Configuration) throws {
        let options = try Self.options(of: configuration.url)
        if options["host", default: ""].contains("@") {
            throw PostgresError(.usage, "the database's address has two @ signs; write the one in the password as %40")
        }
        password = options["password"] ?? ""
        // What stands before the address can be overruled by it, what stands after cannot.
        parameters = [
            ("connect_timeout", "\(max(1, configuration.connectTimeout.wholeMilliseconds / 1000))"),
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"),
            ("fallback_application_name", configuration.applicationName),
            ("dbname", configuration.url),
            ("client_encoding", "UTF8"),
        ]
    }

    private static func options(of url: String) throws -> [String: String] {
        guard let options = PQconninfoParse(url, nil) else {
            throw PostgresError(
                .usage, "the database's address cannot be read; write it as postgres://user@host:5432/name")
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }

    func withoutPassword(_ message: String) -> String {
        password.isEmpty ? message : message.replacing(password, with: "…")
    }
}
