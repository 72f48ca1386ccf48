import Foundation
import Glibc

/// The operating system's user that a private PostgreSQL belongs to and runs as.
struct ClusterOwner {
    let user: uid_t
    let group: gid_t
    /// The words that a command begins with to run as that user; empty when the caller is that user.
    let prefix: [String]

    /// The caller or, since PostgreSQL refuses to run as root, the user `postgres` when root calls.
    static func ofThisProcess() throws -> ClusterOwner {
        guard geteuid() == 0 else { return ClusterOwner(user: geteuid(), group: getegid(), prefix: []) }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var text = [CChar](repeating: 0, count: 16_384)
        guard getpwnam_r("postgres", &entry, &text, text.count, &found) == 0, found != nil else {
            throw ClusterError(
                "PostgreSQL does not run as root and there is no user called postgres to run it as. "
                    + ClusterBinaries.howToInstall
            )
        }
        let (user, group) = (entry.pw_uid, entry.pw_gid)
        let numbers = ["--reuid=\(user)", "--regid=\(group)", "--clear-groups", "--"]
        for folder in ["/usr/bin", "/bin", "/usr/sbin", "/sbin"] where isExecutable("\(folder)/setpriv") {
            return ClusterOwner(user: user, group: group, prefix: ["\(folder)/setpriv"] + numbers)
        }
        throw ClusterError("PostgreSQL does not run as root: install util-linux, whose setpriv changes the user.")
    }

    /// Hands a file or directory of root's over to the owner.
    func take(_ path: String) throws {
        guard geteuid() == 0 else { return }
        guard lchown(path, user, group) == 0 else {
            throw ClusterError("\(path) cannot be given to the user postgres: \(String(cString: strerror(errno))).")
        }
    }

    private static func isExecutable(_ path: String) -> Bool {
        access(path, X_OK) == 0
    }
}
