/// Why a private PostgreSQL could not be made, started or stopped, and what to do about it.
package struct ClusterError: Error, CustomStringConvertible {
    /// Sentences for the person at the terminal: what happened, then what to do next.
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// The error of a PostgreSQL program that failed, with a hint where its output tells the cause.
    init(_ program: String, failedWith output: String, in directory: String) {
        var lines = ["PostgreSQL's \(program) failed in \(directory)."]
        if output.contains("No space left on device") {
            lines.append("The disk is full: free some space and try again.")
        } else if output.contains("Permission denied") {
            lines.append(
                "The user that runs the server must be able to enter every folder above it: "
                    + "choose another data directory or change the permissions."
            )
        } else {
            lines.append("What it said is below; the server's own log is in \(directory)/data/log.")
        }
        let said = output.split(separator: "\n")
        let causes = said.filter { line in ["error:", "FATAL:", "hint:", "HINT:"].contains { line.contains($0) } }
        lines.append(contentsOf: (causes.isEmpty ? said : causes).suffix(8).map { "    \($0)" })
        description = lines.joined(separator: "\n")
    }
}
