import Foundation
import Perks
import Postgres
import Yams

/// What is settled before a command runs: from flags, the environment, `./perks.yaml` and the user's own file, in this order.
struct Settings: Sendable {
    /// The names that a file may set, each with its environment variable.
    static let variables = [
        "database_url": "DATABASE_URL", "brand": "PERKS_BRAND", "data_directory": "PERKS_DATA_DIRECTORY",
        "host": "PERKS_HOST", "port": "PERKS_PORT", "public_url": "PERKS_PUBLIC_URL", "output": "PERKS_OUTPUT",
    ]

    private let values: [String: String]

    /// Reads all sources; throws `invalid_request` for a file with names or values that make no sense.
    init(
        flags: [String: String] = [:], environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String = FileManager.default.currentDirectoryPath
    ) throws {
        let home = environment["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path
        let userDirectory = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.config"
        var values = try Settings.read(userDirectory + "/perks/config.yaml")
        values.merge(try Settings.read(directory + "/perks.yaml")) { _, nearer in nearer }
        for (name, variable) in Settings.variables {
            if let value = environment[variable], !value.isEmpty { values[name] = value }
        }
        values.merge(flags) { _, flag in flag }
        let dataHome = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.local/share"
        defaultDataDirectory = geteuid() == 0 ? "/var/lib/perks" : dataHome + "/perks"
        self.values = values
    }

    private let defaultDataDirectory: String

    var brand: String? { values["brand"] }
    var host: String { values["host"] ?? "127.0.0.1" }

    /// Where the service is reached from outside, which links begin with; nil when that is not set.
    ///
    /// Throws `invalid_request` when what is set is no web address.
    var publicURL: String? {
        get throws {
            guard var url = values["public_url"] else { return nil }
            guard JSONSchema.webAddress.violations(in: .string(url)).isEmpty,
                !url.contains(where: { "?#".contains($0) })
            else {
                throw PerksError.invalid(
                    "public_url", "wrong_format", "public_url must be like https://perks.example, not \(url).")
            }
            while url.hasSuffix("/") { url.removeLast() }
            return url
        }
    }

    /// The port to serve on; throws `invalid_request` when what is set is none.
    var port: Int {
        get throws {
            guard let text = values["port"] else { return 8080 }
            guard let port = Int(text), (0...65_535).contains(port) else {
                throw PerksError.invalid("port", "out_of_range", "port must be from 0 to 65535, not \(text).")
            }
            return port
        }
    }

    /// How answers are written; throws `invalid_request` for an unknown word.
    func output(_ flag: OutputFormat?) throws -> OutputFormat {
        if let flag { return flag }
        guard let word = values["output"] else { return .table }
        guard let format = OutputFormat(rawValue: word) else {
            let known = OutputFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw PerksError.invalid("output", "unknown_word", "output must be one of \(known), not \(word).")
        }
        return format
    }

    /// The private PostgreSQL that stands in where no database is named.
    func cluster(_ flag: String?) -> Cluster {
        Cluster(directory: flag ?? values["data_directory"] ?? defaultDataDirectory)
    }

    /// The address of the database: the one that is named, or the private one's, made and started if need be.
    func database(dataDirectory: String?) async throws -> String {
        if let url = values["database_url"] { return url }
        let cluster = cluster(dataDirectory)
        switch try cluster.status() {
        case .running: break
        case .stopped: Terminal.standardError.say("Starting the private PostgreSQL in \(cluster.directory) …")
        case .absent:
            Terminal.standardError.say(
                "DATABASE_URL is not set: making a private PostgreSQL in \(cluster.directory) …")
        }
        return try await cluster.start()
    }

    /// Whether a database of the user's own is named.
    var namesDatabase: Bool { values["database_url"] != nil }

    private static func read(_ path: String) throws -> [String: String] {
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw UnusableFile("\(path) cannot be read: check who may, and that it is UTF-8.")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw fault(path, nil, "is not YAML. \(error)")
        }
        // An empty file is an empty mapping.
        guard let node, node != Node("", Tag(.null)) else { return [:] }
        guard let mapping = node.mapping else {
            throw fault(path, node, "must hold names and values, such as `brand: palms`.")
        }
        var values: [String: String] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, variables[name] != nil else {
                let known = variables.keys.sorted().joined(separator: ", ")
                throw fault(
                    path, key, "has the name \(key.scalar?.string ?? "?"), which is unknown; known are \(known).")
            }
            guard let scalar = value.scalar else { throw fault(path, value, "must give \(name) a single value.") }
            if !scalar.string.isEmpty { values[name] = scalar.string }
        }
        return values
    }

    private static func fault(_ path: String, _ node: Node?, _ complaint: String) -> PerksError {
        let line = node?.mark.map { ", line \($0.line)," } ?? ""
        return PerksError(.invalidRequest, "\(path)\(line) \(complaint)")
    }
}
