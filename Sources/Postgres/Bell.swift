import Foundation

/// Wakes a thread that waits in `poll`; once rung it keeps ringing.
final class Bell: Sendable {
    /// Readable from the moment that the bell was rung.
    let descriptor: Int32
    private let cord: Int32

    /// - Throws: `unavailable` when the process has no file descriptor left.
    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PostgresError(.unavailable, "no file descriptor is left; raise the limit of open files")
        }
        (descriptor, cord) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        close(descriptor)
        close(cord)
    }

    func ring() {
        var byte: UInt8 = 1
        _ = write(cord, &byte, 1)
    }
}
