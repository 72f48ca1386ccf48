/// JSON as text, for columns of type `json` and `jsonb`.
package struct JSONText: Hashable, Sendable {
    /// The JSON itself.
    package var text: String

    /// Takes text that is JSON; PostgreSQL refuses it otherwise.
    package init(text: String) {
        self.text = text
    }
}

extension JSONText: PostgresValue {
    package static var postgresType: PostgresType { .jsonb }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(Self.version)
        text.encode(into: &bytes)
    }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        guard type == .jsonb || type == .json else { throw PostgresError.mismatch(type, Self.self) }
        self.init(text: try String(decoding: bytes, type: type))
    }

    private static let version: UInt8 = 1

    /// What follows the version that leads the binary format of `jsonb`.
    static func withoutVersion(_ bytes: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
        guard bytes.first == version else {
            throw PostgresError.decoding("jsonb came in version \(bytes.first ?? 0) of its format, not \(version)")
        }
        return UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
    }
}
