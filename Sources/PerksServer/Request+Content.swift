import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Perks

extension Request {
    /// The body in the form that an endpoint takes, of JSON no more than so many bytes.
    ///
    /// - Throws: `unsupported_media_type`, `payload_too_large`, `invalid_request`.
    func content(for wanted: RequestContent, limit: Int) async throws -> Call.Content {
        switch wanted {
        case .nothing:
            return .nothing
        case .json(_, let types):
            _ = try mediaType(among: types)
            return .json(try JSONValue(parsing: Data(try await collected(upTo: limit).readableBytesView)))
        case .stream(let types):
            return .stream(Upload(self, type: try mediaType(among: types)))
        }
    }

    /// Whether so much of the body may still be on its way that the connection is better closed than kept.
    func leavesConnectionUnusable(after reply: Reply, limit: Int) -> Bool {
        let isRead = reply.status.code < 400 && [.post, .put, .patch].contains(method)
        return !isRead && (length.map { $0 > limit } ?? headers.contains(.transferEncoding))
    }

    private var length: Int? { headers[.contentLength].flatMap { Int($0) } }

    /// The media type of the body, if it is one of these.
    private func mediaType(among types: [String]) throws(PerksError) -> String {
        let parts = (headers[.contentType] ?? "").split(separator: ";").map {
            $0.trimmingCharacters(in: .whitespaces).lowercased()
        }
        let charset = parts.first { $0.hasPrefix("charset=") }?.dropFirst("charset=".count)
        guard let type = parts.first, types.contains(type), ["utf-8", "\"utf-8\""].contains(charset ?? "utf-8") else {
            throw PerksError(
                .unsupportedMediaType,
                "The body must be \(types.joined(separator: " or ")) in UTF-8. Say so in the header Content-Type.")
        }
        return type
    }

    private func collected(upTo limit: Int) async throws -> ByteBuffer {
        let tooLarge = PerksError(.payloadTooLarge, "The body may have at most \(limit) bytes here. Send less at once.")
        let collected: ByteBuffer
        do {
            collected = try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch {
            throw PerksError.cutShort
        }
        guard collected.readableBytes >= length ?? 0 else { throw PerksError.cutShort }
        return collected
    }
}
