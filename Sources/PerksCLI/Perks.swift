import ArgumentParser
import PerksServer
import Yams

@main
struct Perks: AsyncParsableCommand {
    func run() async throws {}
}
