import CLibPQ
import Foundation
import Logging

/// One libpq connection, used by one thread at a time: the actor that owns it sees to that.
///
/// It never blocks without a deadline once it is open, and never lets one of libpq's pointers out.
final class Wire {
    /// Why a wire cannot be used any longer.
    enum Failure: Error {
        case lost(String)
        case deadline
    }

    let handle: OpaquePointer
    private let notices: Notices

    /// Connects, trying the hosts of the address in turn; blocks for at most the connect timeout for each.
    ///
    /// The blocking call is used because the other one cannot go on to the next host when a host keeps silent.
    ///
    /// - Throws: `unavailable`, or `usage` when the address makes no sense.
    init(_ address: Address, logger: Logger) throws {
        let opened = withCStrings(address.parameters.map(\.keyword)) { keywords in
            withCStrings(address.parameters.map(\.value)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let opened else { throw PostgresError(.unavailable, "there is no memory for a connection") }
        handle = opened
        notices = Notices(logger: logger)
        guard PQstatus(handle) == CONNECTION_OK else {
            throw PostgresError(.unavailable, "cannot connect: \(address.withoutPassword(errorMessage))")
        }
        PQsetnonblocking(handle, 1)
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        // The pointer is not retained: libpq uses it only inside calls made here, and `deinit` ends the connection.
        let context = Unmanaged.passUnretained(notices).toOpaque()
        PQsetNoticeReceiver(handle, { Notices.receive($0, $1) }, context)
    }

    deinit {
        PQfinish(handle)
    }

    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(handle) }

    var isLost: Bool { PQstatus(handle) != CONNECTION_OK || notices.announcedTheEnd }

    private var errorMessage: String {
        String(cString: PQerrorMessage(handle)).inOneLine
    }

    /// Whether a connection that nobody uses still stands, told without a round trip.
    ///
    /// Something to read on an idle connection is a notice of the server, most often that it shuts down, or the end.
    func isAlive() -> Bool {
        while PQstatus(handle) == CONNECTION_OK, hasInput {
            guard PQconsumeInput(handle) == 1 else { return false }
            while let notification = PQnotifies(handle) { PQfreemem(notification) }
        }
        return !isLost && transactionStatus == PQTRANS_IDLE
    }

    private var hasInput: Bool {
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) > 0
    }

    /// Hands a request to libpq and sees it off to the server.
    ///
    /// - Throws: `Failure`, or a `usage` error when libpq does not take the request.
    func send(before deadline: ContinuousClock.Instant?, _ request: (OpaquePointer) -> Int32) throws {
        guard request(handle) == 1 else {
            if isLost { throw Failure.lost(errorMessage) }
            throw PostgresError(.usage, errorMessage)
        }
        try flush(before: deadline)
    }

    /// Waits until libpq holds nothing back; reads meanwhile, lest both sides wait for each other.
    func flush(before deadline: ContinuousClock.Instant?) throws {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                let events = try wait(for: POLLIN | POLLOUT, before: deadline)
                if events & Int16(POLLIN) != 0 { try consume() }
            default: throw Failure.lost(errorMessage)
            }
        }
    }

    /// The next result of the request that was sent, nil after the last.
    func nextResult(before deadline: ContinuousClock.Instant?) throws -> OpaquePointer? {
        while PQisBusy(handle) == 1 {
            try wait(for: POLLIN, before: deadline)
            // A lost connection is told by the result that libpq makes of it, after those that still came through.
            guard PQconsumeInput(handle) == 1 else { break }
        }
        return PQgetResult(handle)
    }

    private func consume() throws {
        guard PQconsumeInput(handle) == 1 else { throw Failure.lost(errorMessage) }
    }

    @discardableResult
    private func wait(for events: Int32, before deadline: ContinuousClock.Instant?) throws -> Int16 {
        try Self.wait(for: events, on: [PQsocket(handle)], before: deadline)[0]
    }

    /// The payload of a notification that has arrived, nil when there is none left.
    func nextNotification() -> String? {
        guard let notification = PQnotifies(handle) else { return nil }
        defer { PQfreemem(notification) }
        return String(cString: notification.pointee.extra)
    }

    /// Waits for something to arrive, which is then read, or for `bell` to ring.
    ///
    /// - Returns: whether the bell rang; nil when the deadline passed first.
    func waitForInput(or bell: Bell, before deadline: ContinuousClock.Instant) throws -> Bool? {
        let events: [Int16]
        do {
            events = try Self.wait(for: POLLIN, on: [PQsocket(handle), bell.descriptor], before: deadline)
        } catch Failure.deadline {
            return nil
        }
        if events[0] != 0 { try consume() }
        return events[1] != 0
    }

    private static func wait(
        for events: Int32, on descriptors: [Int32], before deadline: ContinuousClock.Instant?
    ) throws -> [Int16] {
        guard descriptors.allSatisfy({ $0 >= 0 }) else { throw Failure.lost("the connection is closed") }
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(events), revents: 0) }
        while true {
            let milliseconds = deadline.map { ContinuousClock.now.duration(to: $0).wholeMilliseconds } ?? -1
            let ready = poll(&polled, nfds_t(polled.count), Int32(clamping: milliseconds))
            if ready > 0 { return polled.map(\.revents) }
            if ready == 0, let deadline, ContinuousClock.now >= deadline { throw Failure.deadline }
            if ready < 0, errno != EINTR { throw Failure.lost(String(cString: strerror(errno))) }
        }
    }
}

/// What PostgreSQL says without being asked.
private final class Notices {
    private let logger: Logger
    private(set) var announcedTheEnd = false

    init(logger: Logger) {
        self.logger = logger
    }

    static func receive(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
        guard let context, let result else { return }
        let notice = PostgresError(result)
        let notices = Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue()
        notices.announcedTheEnd = notices.announcedTheEnd || notice.endsConnection
        notices.logger.debug("Notice of PostgreSQL", metadata: ["notice": "\(notice)"])
    }
}

extension Duration {
    /// Milliseconds, rounded up, at least 0.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return max(0, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}

extension String {
    /// The words with single spaces between them.
    var inOneLine: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

/// Lends C a list of strings that ends with a null pointer.
private func withCStrings<R>(_ strings: [String], _ body: ([UnsafePointer<CChar>?]) -> R) -> R {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies.map { UnsafePointer($0) } + [nil])
}
