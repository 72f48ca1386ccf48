import Foundation
import Glibc

/// A folder of PostgreSQL's programs and the major version they are of.
struct ClusterBinaries {
    let folder: String
    let major: Int

    /// The oldest major version that Perks runs on.
    static let oldest = 15

    private static let programs = ["initdb", "pg_ctl", "postgres", "createdb"]

    /// Finds programs of one major version, or of any that is recent enough when none is asked for.
    ///
    /// In order: the folder that `PERKS_PG_BIN` names (then no other), what `pg_config --bindir` says, the newest
    /// below the distribution's folder, and `PATH`.
    static func find(
        major wanted: Int?,
        environment: [String: String],
        distribution: String = "/usr/lib/postgresql"
    ) throws -> ClusterBinaries {
        if let folder = environment["PERKS_PG_BIN"], !folder.isEmpty {
            guard let binaries = ClusterBinaries(folder: folder) else {
                throw ClusterError(
                    "PERKS_PG_BIN is \(folder), but \(list(programs)) are not all there. "
                        + "Name the folder of PostgreSQL's programs, or unset it. \(howToInstall)"
                )
            }
            return try binaries.checked(against: wanted)
        }
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates = bindir(path).map { [$0] } ?? []
        let found = (candidates + versions(in: distribution) + path).lazy.compactMap(ClusterBinaries.init)
        if let match = found.first(where: { wanted == nil ? $0.major >= oldest : $0.major == wanted }) {
            return match
        }
        guard let other = found.first(where: { _ in true }) else {
            throw ClusterError("PostgreSQL's server programs are not on this machine. \(howToInstall)")
        }
        return try other.checked(against: wanted)
    }

    /// What to type or where to look to get PostgreSQL on this machine.
    static var howToInstall: String {
        let release = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
        let family = release.split(separator: "\n").filter { $0.hasPrefix("ID=") || $0.hasPrefix("ID_LIKE=") }
        if family.contains(where: { $0.contains("debian") || $0.contains("ubuntu") }) {
            return "Install it with: \(geteuid() == 0 ? "" : "sudo ")apt-get install postgresql"
        }
        return "Install the server of PostgreSQL \(oldest) or newer (https://www.postgresql.org/download/) "
            + "and, where it is not found by itself, set PERKS_PG_BIN to the folder of its programs."
    }

    /// The path of one of the programs.
    func program(_ name: String) -> String {
        "\(folder)/\(name)"
    }

    private init?(folder: String) {
        guard Self.programs.allSatisfy({ access("\(folder)/\($0)", X_OK) == 0 }) else { return nil }
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        guard let said = Self.output(of: "\(folder)/postgres", "--version"),
            let version = said.split(separator: " ").first(where: { $0.first?.isNumber == true }),
            let major = Int(version.prefix { $0.isNumber })
        else { return nil }
        self.folder = folder
        self.major = major
    }

    private func checked(against wanted: Int?) throws -> ClusterBinaries {
        if let wanted, wanted != major {
            throw ClusterError(
                "The data directory was made by PostgreSQL \(wanted), but \(folder) holds version \(major). "
                    + "Install PostgreSQL \(wanted) (Debian and Ubuntu: postgresql-\(wanted)) beside it, "
                    + "or convert the directory with pg_upgrade."
            )
        }
        guard major >= Self.oldest else {
            throw ClusterError(
                "\(folder) holds PostgreSQL \(major); version \(Self.oldest) or newer is needed. \(Self.howToInstall)"
            )
        }
        return self
    }

    private static func bindir(_ path: [String]) -> String? {
        for folder in path where access("\(folder)/pg_config", X_OK) == 0 {
            return output(of: "\(folder)/pg_config", "--bindir").map {
                $0.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
        return nil
    }

    private static func versions(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap(Int.init).sorted(by: >).map { "\(folder)/\($0)/bin" }
    }

    private static func output(of program: String, _ argument: String) -> String? {
        let command = ClusterCommand(words: [program, argument], environment: ["LC_ALL": "C"])
        guard let outcome = try? command.run(limit: .seconds(10)), outcome.exitCode == 0 else { return nil }
        return outcome.output
    }

    private static func list(_ names: [String]) -> String {
        names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }
}
