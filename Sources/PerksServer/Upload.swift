import HTTPTypes
import Hummingbird
import NIOCore
import Perks

/// The bytes of a request as they arrive, read no faster than they are used.
package struct Upload: AsyncSequence, Sendable {
    /// The media type without its parameters, such as `text/csv`.
    let type: String
    private let body: RequestBody
    /// How many bytes there are; nil when only the end will tell.
    private let length: Int?

    init(_ request: Request, type: String) {
        self.type = type
        body = request.body
        length = request.headers[.contentLength].flatMap { Int($0) }
    }

    /// Reads chunk after chunk, and refuses to take a broken connection for the end.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var body: RequestBody.AsyncIterator
        fileprivate var missing: Int?

        package mutating func next() async throws -> [UInt8]? {
            let buffer: ByteBuffer?
            do { buffer = try await body.next() } catch { throw PerksError.cutShort }
            guard let buffer else {
                try Task.checkCancellation()
                guard missing ?? 0 <= 0 else { throw PerksError.cutShort }
                return nil
            }
            missing = missing.map { $0 - buffer.readableBytes }
            return Array(buffer.readableBytesView)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator(), missing: length)
    }
}

extension PerksError {
    /// That the request's body broke off.
    static let cutShort = PerksError(
        .invalidRequest, "The body ended before it was complete, so nothing was done. Send the request again.")
}
