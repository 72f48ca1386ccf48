extension Connection {
    /// How long to wait before asking whether the server is still there.
    private static let probeInterval = Duration.seconds(30)

    /// Delivers what is notified on a channel until the bell rings, blocking the connection's thread.
    ///
    /// - Throws: `unavailable` and the like when the connection is lost.
    func listen(on channel: String, until bell: Bell, _ deliver: (Database.Notification) -> Void) throws {
        try script("listen \(Query.quoted(identifier: channel))")
        deliver(.reconnected)
        while true {
            guard let wire else { throw PostgresError(.unavailable, "the connection was lost") }
            if wire.isLost { throw PostgresError(.unavailable, "the server closed the connection") }
            while let payload = wire.nextNotification() { deliver(.payload(payload)) }
            do {
                switch try wire.waitForInput(or: bell, before: .now + Self.probeInterval) {
                case true: return
                case false: continue
                case nil: try script("select 1")
                }
            } catch let loss as Wire.Failure {
                throw PostgresError(loss)
            }
        }
    }
}
