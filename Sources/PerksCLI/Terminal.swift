import Foundation
import Glibc

/// One of the process's standard streams, perhaps a person's terminal.
struct Terminal: Sendable {
    static let standardInput = Terminal(descriptor: STDIN_FILENO)
    static let standardOutput = Terminal(descriptor: STDOUT_FILENO)
    static let standardError = Terminal(descriptor: STDERR_FILENO)

    private let descriptor: Int32

    /// Whether somebody looks at it.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Whether it may carry colours and a moving progress bar.
    var isStyled: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// How many characters fit into a line; nil when it is no terminal.
    var width: Int? {
        guard isTerminal else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes all of a text; throws `ReaderGone` when nobody reads it any longer.
    func write(_ text: String) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                bytes = bytes.dropFirst(written)
            } else if errno == EPIPE {
                throw ReaderGone()
            } else if errno == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
            } else if errno != EINTR {
                throw UnusableFile("The output cannot be written: \(String(cString: strerror(errno))).")
            }
        }
    }

    /// Writes a line, come what may.
    func say(_ line: String) {
        try? write(line + "\n")
    }

    /// A text in one of the terminal's styles, where it has any.
    func styled(_ text: String, _ style: Style) -> String {
        isStyled ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// The styles that are used, as terminals number them.
    enum Style: String {
        case bold = "1"
        case dim = "2"
        case good = "1;32"
        case bad = "31"
        case warning = "33"
    }
}

/// Whoever read the output has left.
struct ReaderGone: Error {}

/// A file, or a stream, that cannot be used.
struct UnusableFile: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
