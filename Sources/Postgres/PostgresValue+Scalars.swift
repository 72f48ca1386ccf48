import Foundation

extension Bool: PostgresValue {
    package static var postgresType: PostgresType { .bool }

    package func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        guard type == .bool else { throw PostgresError.mismatch(type, Self.self) }
        self = try UInt8(networkBytes: bytes) != 0
    }
}

extension Int: PostgresValue {
    package static var postgresType: PostgresType { .int8 }

    package func encode(into bytes: inout [UInt8]) { Int64(self).appendNetworkBytes(to: &bytes) }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        switch type {
        case .int8: self = Int(try Int64(networkBytes: bytes))
        case .int4: self = Int(try Int32(networkBytes: bytes))
        case .int2: self = Int(try Int16(networkBytes: bytes))
        case .oid: self = Int(try UInt32(networkBytes: bytes))
        default: throw PostgresError.mismatch(type, Self.self)
        }
    }
}

extension Double: PostgresValue {
    package static var postgresType: PostgresType { .float8 }

    package func encode(into bytes: inout [UInt8]) { bitPattern.appendNetworkBytes(to: &bytes) }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        switch type {
        case .float8: self.init(bitPattern: try UInt64(networkBytes: bytes))
        case .float4: self.init(Float(bitPattern: try UInt32(networkBytes: bytes)))
        default: throw PostgresError.mismatch(type, Self.self)
        }
    }
}

extension String: PostgresValue {
    package static var postgresType: PostgresType { .text }

    package func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        var bytes = bytes
        switch type {
        case .text, .varchar, .bpchar, .name, .char, .json, .unknown: break
        case .jsonb: bytes = try JSONText.withoutVersion(bytes)
        // The binary format of an enumeration is its label, and that of citext is text.
        case _ where type.isUserDefined: break
        default: throw PostgresError.mismatch(type, Self.self)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PostgresError.decoding("\(type) holds bytes that are not UTF-8")
        }
        self = text
    }
}

extension UUID: PostgresValue {
    package static var postgresType: PostgresType { .uuid }

    package func encode(into bytes: inout [UInt8]) {
        withUnsafeBytes(of: uuid) { bytes.append(contentsOf: $0) }
    }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        guard type == .uuid else { throw PostgresError.mismatch(type, Self.self) }
        guard bytes.count == 16 else { throw PostgresError.decoding("\(bytes.count) bytes came where 16 belong") }
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}
