import ArgumentParser

/// `perks demo`.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Where to see it all at work.")

    func run() {
        print(
            """
            The demo is a script of the project: it installs what is missing, builds perks, and plays an evening at a \
            hotel's desk on sample data, in a private database of its own. In a clone of the project:

                scripts/demo            the story, from an empty database to the report
                scripts/demo --serve    the same, and then an HTTP server with a key to try it with
            """)
    }
}
