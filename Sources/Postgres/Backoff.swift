/// Pauses that grow and are never the same twice, so that many clients do not come back at one moment.
struct Backoff {
    private var pause = Duration.milliseconds(50)

    /// How long to wait before the next attempt: at most two seconds.
    mutating func next() -> Duration {
        defer { pause = min(pause * 2, .seconds(2)) }
        return pause * Double.random(in: 0.5...1)
    }
}
