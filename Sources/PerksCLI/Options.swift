import ArgumentParser
import Perks

/// What every command that answers something takes.
struct CommonOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "How answers are written. (default: table)")
    var output: OutputFormat?

    @Option(help: "Where the private PostgreSQL lives that stands in for DATABASE_URL.", completion: .directory)
    var dataDirectory: String?
}

/// For whom a command acts.
enum Scope: Sendable {
    /// For the platform, whatever brand is configured.
    case platform
    /// For the brand of this flag, or the configured one.
    case brand(String?)
    /// For the brand of this flag, or the configured one, or, if there is neither, the platform.
    case brandOrPlatform(String?)
}

/// What leads to a session.
protocol SessionOptions {
    var common: CommonOptions { get }
    var scope: Scope { get }
}

/// For what belongs to no brand.
struct PlatformOptions: ParsableArguments, SessionOptions {
    @OptionGroup var common: CommonOptions

    var scope: Scope { .platform }
}

/// For what belongs to one brand.
struct BrandOptions: ParsableArguments, SessionOptions {
    @Option(help: "The brand to act for, by id or slug.")
    var brand: String?

    @OptionGroup var common: CommonOptions

    var scope: Scope { .brand(brand) }
}

/// For what belongs to a brand or, with `--platform`, to none.
struct EitherOptions: ParsableArguments, SessionOptions {
    @Option(help: "The brand to act for, by id or slug.")
    var brand: String?

    @Flag(help: "Act for the platform itself, whatever brand is configured.")
    var platform = false

    @OptionGroup var common: CommonOptions

    var scope: Scope { platform ? .platform : .brandOrPlatform(brand) }

    func validate() throws {
        if platform, brand != nil { throw ValidationError("--platform and --brand exclude each other.") }
    }
}

/// Which part of a list is wanted.
struct ListOptions: ParsableArguments {
    @Option(help: "How many at most, from 1 to 200. (default: 50)")
    var limit: Int?

    @Option(help: "Where the list goes on, as the page before said.")
    var cursor: String?

    @Flag(help: "The whole list, page after page.")
    var all = false

    /// How many to ask for at a time.
    var pageSize: Int { limit ?? (all ? PageRequest.limits.upperBound : PageRequest.defaultLimit) }
}

/// For what cannot be taken back.
struct ConfirmOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    /// Asks at a terminal; throws elsewhere, unless `--yes` was given.
    func confirm(_ question: String) throws {
        guard !yes else { return }
        guard Terminal.standardInput.isTerminal, Terminal.standardError.isTerminal else {
            throw PerksError(.invalidRequest, "This cannot be taken back: repeat it with --yes.")
        }
        try Terminal.standardError.write("\(question) [y/N] ")
        guard ["y", "yes"].contains(readLine()?.lowercased()) else {
            Terminal.standardError.say("Nothing was changed.")
            throw Failure.silent(.failed)
        }
    }
}
