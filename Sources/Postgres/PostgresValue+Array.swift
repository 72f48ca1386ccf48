extension Array: PostgresElement where Element: PostgresElement {}

extension Array: PostgresValue where Element: PostgresElement {
    package static var postgresType: PostgresType { Element.arrayType }

    package func encode(into bytes: inout [UInt8]) { Element.encode(array: self, into: &bytes) }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        self = try Element.decode(array: bytes, type: type)
    }
}

extension PostgresValue {
    package static var arrayType: PostgresType { postgresType.array }

    package static func encode(array: [Self], into bytes: inout [UInt8]) {
        ArrayFormat.encode(array, into: &bytes)
    }

    package static func decode(array bytes: UnsafeRawBufferPointer, type: PostgresType) throws -> [Self] {
        var position = 0
        return try ArrayFormat.decode(bytes, type: type, wanted: [Self].self) { element, type in
            position += 1
            guard let element else {
                throw PostgresError.decoding("element \(position) is null; decode as [\(Self.self)?]")
            }
            return try Self(decoding: element, type: type)
        }
    }
}

extension Optional: PostgresElement where Wrapped: PostgresValue {
    package static var arrayType: PostgresType { Wrapped.arrayType }

    package static func encode(array: [Wrapped?], into bytes: inout [UInt8]) {
        ArrayFormat.encode(array, into: &bytes)
    }

    package static func decode(array bytes: UnsafeRawBufferPointer, type: PostgresType) throws -> [Wrapped?] {
        try ArrayFormat.decode(bytes, type: type, wanted: [Wrapped?].self) { element, type in
            try element.map { try Wrapped(decoding: $0, type: type) }
        }
    }
}

extension UInt8: PostgresElement {
    package static var arrayType: PostgresType { .bytea }

    package static func encode(array: [UInt8], into bytes: inout [UInt8]) { bytes += array }

    package static func decode(array bytes: UnsafeRawBufferPointer, type: PostgresType) throws -> [UInt8] {
        guard type == .bytea else { throw PostgresError.mismatch(type, [UInt8].self) }
        return Array(bytes)
    }
}

/// The binary format of arrays with at most one dimension.
///
/// Dimensions, whether there are nulls and the type of the elements, four bytes each; for each dimension its size and
/// first index; then for each element its length (-1 for null) and bytes.
private enum ArrayFormat {
    static func encode<Value: PostgresValue>(_ array: [Value?], into bytes: inout [UInt8]) {
        Int32(array.isEmpty ? 0 : 1).appendNetworkBytes(to: &bytes)
        Int32(array.contains { $0 == nil } ? 1 : 0).appendNetworkBytes(to: &bytes)
        Value.postgresType.oid.appendNetworkBytes(to: &bytes)
        guard !array.isEmpty else { return }
        Int32(array.count).appendNetworkBytes(to: &bytes)
        Int32(1).appendNetworkBytes(to: &bytes)
        for element in array {
            guard let element else {
                Int32(-1).appendNetworkBytes(to: &bytes)
                continue
            }
            let start = bytes.count
            bytes.append(contentsOf: [0, 0, 0, 0])
            element.encode(into: &bytes)
            let length = Int32(bytes.count - start - 4)
            withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(start..<start + 4, with: $0) }
        }
    }

    static func decode<Element>(
        _ bytes: UnsafeRawBufferPointer,
        type: PostgresType,
        wanted: [Element].Type,
        element: (UnsafeRawBufferPointer?, PostgresType) throws -> Element
    ) throws -> [Element] {
        guard type.mayBeArray else { throw PostgresError.mismatch(type, wanted) }
        var rest = bytes
        let dimensions = try takeInteger(from: &rest)
        _ = try takeInteger(from: &rest)
        let elementType = PostgresType(oid: UInt32(bitPattern: try takeInteger(from: &rest)))
        if dimensions == 0 { return [] }
        guard dimensions == 1 else {
            throw PostgresError.decoding("\(type) has \(dimensions) dimensions; select one dimension of it")
        }
        let count = Int(try takeInteger(from: &rest))
        _ = try takeInteger(from: &rest)
        var elements: [Element] = []
        elements.reserveCapacity(min(count, bytes.count / 4))
        for _ in 0..<max(0, count) {
            let length = Int(try takeInteger(from: &rest))
            elements.append(try element(length < 0 ? nil : take(length, from: &rest), elementType))
        }
        return elements
    }

    private static func takeInteger(from rest: inout UnsafeRawBufferPointer) throws -> Int32 {
        try Int32(networkBytes: take(4, from: &rest))
    }

    private static func take(_ count: Int, from rest: inout UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
        guard count <= rest.count else { throw PostgresError.decoding("the array ends too early") }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }
}
