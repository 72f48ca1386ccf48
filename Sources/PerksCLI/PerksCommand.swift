import ArgumentParser
import Foundation
import Glibc

/// `perks`: everything that the HTTP API does, at a terminal.
@main
struct PerksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perks",
        abstract: "Rewards people by what they are listened to about: perks, check-ins, redemptions, reports.",
        discussion: """
            A first session:
              perks migrate
              perks brand create palms --name "Palms Casino Resort" --country US --time-zone America/Los_Angeles
              perks venue create las-vegas --brand palms --name "Las Vegas" --region NV
              perks serve

            Settings come from flags, then the environment (DATABASE_URL, PERKS_BRAND, PERKS_OUTPUT, \
            PERKS_DATA_DIRECTORY, PERKS_HOST, PERKS_PORT), then ./perks.yaml, then \
            $XDG_CONFIG_HOME/perks/config.yaml. Without DATABASE_URL a private PostgreSQL is made and started.

            Exit codes: 0 done, 1 failed, 3 not found, 4 not allowed, 5 refused, 6 database away, \
            7 doctor found problems, 64 usage.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "The desk:",
                subcommands: [
                    CheckInCommand.self, EligibilityCommand.self, RedeemCommand.self, HoldCommand.self,
                    RedemptionCommand.self, ShareCommand.self, ConversionCommand.self,
                ]),
            CommandGroup(
                name: "The brand:",
                subcommands: [
                    BrandCommand.self, VenueCommand.self, CampaignCommand.self, PerkCommand.self, CodeCommand.self,
                    RuleCommand.self, MemberCommand.self, SegmentCommand.self, ReportCommand.self, KeyCommand.self,
                    AuditCommand.self,
                ]),
            CommandGroup(
                name: "The platform:",
                subcommands: [TopicCommand.self, GuestCommand.self]),
            CommandGroup(
                name: "Running it:",
                subcommands: [
                    ServeCommand.self, MigrateCommand.self, DoctorCommand.self, DatabaseCommand.self, DemoCommand.self,
                ]),
        ])

    static func main() async {
        // A reader that leaves, such as `head`, shows as a failed write instead of a signal, whatever was inherited.
        signal(SIGPIPE, SIG_IGN)
        Interruption.end()
        var command: any ParsableCommand
        do {
            command = try await asyncParseAsRoot(nil)
        } catch {
            exit(withError: error)
        }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            failure.tell()
            Glibc.exit(failure.status.rawValue)
        } catch {
            let failure = Failure(error)
            guard failure.isTold else { exit(withError: error) }
            failure.tell()
            Glibc.exit(failure.status.rawValue)
        }
    }
}

/// Ctrl-C, which ends a command at once: what its transaction has done is undone by the database.
private enum Interruption {
    /// As a shell reports a program that SIGINT ended.
    private static let status: Int32 = 130

    static func end() {
        var inherited = sigaction()
        sigaction(SIGINT, nil, &inherited)
        // Whoever started it in the background has had it ignored, for a reason.
        let isIgnored = unsafeBitCast(inherited.__sigaction_handler.sa_handler, to: Int.self) == 1
        guard !isIgnored else { return }
        signal(SIGINT) { _ in _exit(Interruption.status) }
    }
}
