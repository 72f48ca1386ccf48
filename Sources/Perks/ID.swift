import Foundation
import Postgres

/// A kind of object that has identifiers of its own, such as a campaign.
package protocol Noun {
    /// The word before the underscore of its identifiers; also the noun in `<noun>_not_found`.
    static var noun: String { get }
}

/// An identifier of one kind of object: UUIDv7 in the database, TypeID text outside.
///
/// The text follows the TypeID specification 0.3: the noun, an underscore and 26 characters of Crockford's base 32.
package struct ID<Kind: Noun>: Hashable, Sendable, Comparable {
    package let uuid: UUID

    package init(_ uuid: UUID) {
        self.uuid = uuid
    }

    /// A new identifier whose first 48 bits are the time in milliseconds (RFC 9562, version 7).
    package init(at now: Timestamp) {
        uuid = .version7(at: now)
    }

    /// Reads the TypeID text; nil when it is not one of this kind.
    package init?(_ text: String) {
        guard let typeID = TypeID(text), typeID.prefix == Kind.noun else { return nil }
        uuid = typeID.uuid
    }

    package static func < (left: ID, right: ID) -> Bool {
        left.uuid < right.uuid
    }
}

extension ID: CustomStringConvertible {
    package var description: String {
        TypeID(prefix: Kind.noun, uuid: uuid).description
    }
}

extension ID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a \(Kind.noun) id")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ID: PostgresValue {
    package static var postgresType: PostgresType { UUID.postgresType }

    package func encode(into bytes: inout [UInt8]) {
        uuid.encode(into: &bytes)
    }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        self.init(try UUID(decoding: bytes, type: type))
    }
}

/// The text form of an identifier as the TypeID specification has it: a prefix and a UUID in base 32.
package struct TypeID: Hashable, Sendable, CustomStringConvertible {
    package let prefix: String
    package let uuid: UUID

    package init(prefix: String, uuid: UUID) {
        self.prefix = prefix
        self.uuid = uuid
    }

    /// Reads `prefix_suffix`, or a bare suffix; nil when the specification calls it invalid.
    package init?(_ text: String) {
        let underscore = text.utf8.lastIndex(of: UInt8(ascii: "_"))
        let prefix = underscore.map { text[..<$0] } ?? ""
        let suffix = underscore.map { text[text.utf8.index(after: $0)...] } ?? text[...]
        guard underscore == nil || TypeID.isPrefix(prefix), let uuid = Base32.uuid(suffix.utf8) else { return nil }
        self.prefix = String(prefix)
        self.uuid = uuid
    }

    package var description: String {
        prefix.isEmpty ? Base32.text(uuid) : prefix + "_" + Base32.text(uuid)
    }

    /// Whether the prefix has 1 to 63 of `[a-z_]`, neither beginning nor ending with an underscore.
    private static func isPrefix(_ prefix: Substring) -> Bool {
        (1...63).contains(prefix.utf8.count) && !prefix.hasPrefix("_") && !prefix.hasSuffix("_")
            && prefix.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
            }
    }
}

/// Crockford's base 32, lower case, as TypeID uses it: 128 bits in 26 characters, the first at most 7.
enum Base32 {
    static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let values: [UInt8?] = (0..<256).map { byte in
        alphabet.firstIndex(of: UInt8(byte)).map { UInt8($0) }
    }

    static func text(_ uuid: UUID) -> String {
        var bits = uuid.bits
        var characters = [UInt8](repeating: 0, count: 26)
        for position in characters.indices.reversed() {
            characters[position] = alphabet[Int(bits & 31)]
            bits >>= 5
        }
        return String(decoding: characters, as: UTF8.self)
    }

    static func uuid(_ text: Substring.UTF8View) -> UUID? {
        guard text.count == 26, let first = text.first, first <= UInt8(ascii: "7") else { return nil }
        var bits: UInt128 = 0
        for character in text {
            guard let value = values[Int(character)] else { return nil }
            bits = bits << 5 | UInt128(value)
        }
        return UUID(bits: bits)
    }
}

extension UUID {
    /// The UUID that stands for "no brand": the platform itself.
    package static let zero = UUID(bits: 0)

    /// A number to lock by, for want of a whole UUID: the last 32 bits, which are random.
    var lockNumber: Int { Int(Int32(truncatingIfNeeded: bits)) }

    var bits: UInt128 {
        withUnsafeBytes(of: uuid) { bytes in bytes.reduce(0) { $0 << 8 | UInt128($1) } }
    }

    init(bits: UInt128) {
        var uuid = uuid_t(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &uuid) { bytes in
            for (position, index) in bytes.indices.enumerated() {
                bytes[index] = UInt8(truncatingIfNeeded: bits >> UInt128(8 * (15 - position)))
            }
        }
        self.init(uuid: uuid)
    }

    static func version7(at now: Timestamp) -> UUID {
        let milliseconds = UInt128(UInt64(max(0, now.microseconds / 1000)) & 0xFFFF_FFFF_FFFF)
        // The 12 bits after the version carry the fraction of the millisecond (RFC 9562, section 6.2, method 3).
        let fraction = UInt128(UInt64(max(0, now.microseconds) % 1000) * 4096 / 1000)
        let random = UInt128(UInt64.random(in: 0...UInt64.max) & 0x3FFF_FFFF_FFFF_FFFF)
        return UUID(bits: milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random)
    }
}
