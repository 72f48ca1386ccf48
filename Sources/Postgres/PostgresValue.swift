/// A value that travels to and from PostgreSQL in its binary format.
package protocol PostgresValue: PostgresElement {
    /// The type that a parameter of this kind is sent as.
    static var postgresType: PostgresType { get }

    /// Appends the binary format of `postgresType`, without a length.
    func encode(into bytes: inout [UInt8])

    /// Reads a value that is not null and came as `type`.
    ///
    /// - Throws: `PostgresError.decoding(_:)`, or any error whose description says why the bytes do not fit.
    init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws
}

/// What may stand in an array: every value, an optional value, and the byte, whose arrays are `bytea`.
package protocol PostgresElement: Sendable {
    /// The type that an array of these is sent as.
    static var arrayType: PostgresType { get }

    /// Appends the binary format of an array.
    static func encode(array: [Self], into bytes: inout [UInt8])

    /// Reads an array that came as `type`.
    static func decode(array bytes: UnsafeRawBufferPointer, type: PostgresType) throws -> [Self]
}

extension FixedWidthInteger {
    /// Reads an integer in network byte order that fills `bytes` exactly.
    ///
    /// - Throws: a decoding error when there are more or fewer bytes.
    package init(networkBytes bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count == MemoryLayout<Self>.size else {
            throw PostgresError.decoding("\(bytes.count) bytes came where \(MemoryLayout<Self>.size) belong")
        }
        self.init(bigEndian: bytes.loadUnaligned(as: Self.self))
    }

    /// Appends the integer in network byte order.
    package func appendNetworkBytes(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: bigEndian) { bytes.append(contentsOf: $0) }
    }
}
