import Glibc

/// A kept-alive HTTP/1.1 connection to this machine, with one request under way at most.
///
/// Knows as much of HTTP as the server's answers have: a status, a `Content-Length`, a body. A whole client takes as much of
/// the processor as the server that is to be measured.
struct HTTPConnection {
    let descriptor: Int32
    private var received: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// An answer that has come in whole.
    struct Answer {
        let status: Int
        private let bytes: [UInt8]

        fileprivate init(status: Int, bytes: [UInt8]) {
            self.status = status
            self.bytes = bytes
        }

        /// All of it, as it came.
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, connected == 0 else {
            throw Failure("Cannot connect to port \(port): \(String(cString: strerror(errno))).")
        }
    }

    /// Sends a request.
    func send(_ request: String) throws {
        var request = request
        let sent = request.withUTF8 { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == request.utf8.count else {
            throw Failure("Cannot send a request: \(String(cString: strerror(errno))).")
        }
    }

    /// Reads what has come; answers nil until the answer is whole.
    mutating func receive() throws -> Answer? {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw Failure("The server has closed a connection.") }
        received += buffer[0..<count]
        guard let end = Self.endOfHead(received), let length = Self.contentLength(received[0..<end]) else { return nil }
        guard received.count >= end + length else { return nil }
        defer { received.removeAll(keepingCapacity: true) }
        // "HTTP/1.1 201 Created"
        let status = received[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 }
        return Answer(status: status, bytes: status < 400 ? [] : received)
    }

    private static let endMark = Array("\r\n\r\n".utf8)
    private static let lengthMark = Array("\r\ncontent-length: ".utf8)

    /// Where the body begins.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        place(of: endMark, in: bytes[...]).map { $0 + endMark.count }
    }

    private static func contentLength(_ head: ArraySlice<UInt8>) -> Int? {
        guard let place = place(of: lengthMark, in: head) else { return nil }
        return head[(place + lengthMark.count)...].prefix { $0 != 13 }.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    /// Where a mark stands, upper case counting as lower case.
    private static func place(of mark: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= mark.count else { return nil }
        return (bytes.startIndex...(bytes.endIndex - mark.count)).first { start in
            mark.indices.allSatisfy { index in
                let byte = bytes[start + index]
                return (65...90).contains(byte) ? byte + 32 == mark[index] : byte == mark[index]
            }
        }
    }
}
