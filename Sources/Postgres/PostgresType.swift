/// A type of PostgreSQL, known by the number that travels with every parameter and column.
package struct PostgresType: Hashable, Sendable, CustomStringConvertible {
    /// The number of the type in `pg_type`.
    package var oid: UInt32
    /// The number of the type of arrays of it, 0 when there is none.
    package var arrayOID: UInt32
    /// The name as `pg_type` spells it, for messages.
    package var name: String

    /// Describes a type that this file does not list.
    package init(oid: UInt32, arrayOID: UInt32, name: String) {
        self.oid = oid
        self.arrayOID = arrayOID
        self.name = name
    }

    package var description: String { name }

    package static func == (one: Self, other: Self) -> Bool { one.oid == other.oid }

    package func hash(into hasher: inout Hasher) { hasher.combine(oid) }
}

extension PostgresType {
    package static let bool = Self(oid: 16, arrayOID: 1000, name: "bool")
    package static let bytea = Self(oid: 17, arrayOID: 1001, name: "bytea")
    package static let char = Self(oid: 18, arrayOID: 1002, name: "\"char\"")
    package static let name = Self(oid: 19, arrayOID: 1003, name: "name")
    package static let int8 = Self(oid: 20, arrayOID: 1016, name: "int8")
    package static let int2 = Self(oid: 21, arrayOID: 1005, name: "int2")
    package static let int4 = Self(oid: 23, arrayOID: 1007, name: "int4")
    package static let text = Self(oid: 25, arrayOID: 1009, name: "text")
    package static let oid = Self(oid: 26, arrayOID: 1028, name: "oid")
    package static let json = Self(oid: 114, arrayOID: 199, name: "json")
    package static let float4 = Self(oid: 700, arrayOID: 1021, name: "float4")
    package static let float8 = Self(oid: 701, arrayOID: 1022, name: "float8")
    package static let unknown = Self(oid: 705, arrayOID: 0, name: "unknown")
    package static let bpchar = Self(oid: 1042, arrayOID: 1014, name: "bpchar")
    package static let varchar = Self(oid: 1043, arrayOID: 1015, name: "varchar")
    package static let date = Self(oid: 1082, arrayOID: 1182, name: "date")
    package static let time = Self(oid: 1083, arrayOID: 1183, name: "time")
    package static let timestamp = Self(oid: 1114, arrayOID: 1115, name: "timestamp")
    package static let timestamptz = Self(oid: 1184, arrayOID: 1185, name: "timestamptz")
    package static let interval = Self(oid: 1186, arrayOID: 1187, name: "interval")
    package static let numeric = Self(oid: 1700, arrayOID: 1231, name: "numeric")
    package static let void = Self(oid: 2278, arrayOID: 0, name: "void")
    package static let uuid = Self(oid: 2950, arrayOID: 2951, name: "uuid")
    package static let jsonb = Self(oid: 3802, arrayOID: 3807, name: "jsonb")

    private static let scalars: [Self] = [
        .bool, .bytea, .char, .name, .int8, .int2, .int4, .text, .oid, .json, .float4, .float8, .unknown, .bpchar,
        .varchar, .date, .time, .timestamp, .timestamptz, .interval, .numeric, .void, .uuid, .jsonb,
    ]

    private static let known: [UInt32: Self] = {
        let arrays = scalars.filter { $0.arrayOID != 0 }.map(\.array)
        return Dictionary(uniqueKeysWithValues: (scalars + arrays).map { ($0.oid, $0) })
    }()

    private static let arrayNumbers = Set(scalars.map(\.arrayOID))

    /// The type of arrays of this type.
    package var array: Self { Self(oid: arrayOID, arrayOID: 0, name: "\(name)[]") }

    /// Whether `create type` or an extension made the type: enumerations, citext and the like.
    package var isUserDefined: Bool { oid >= 16384 }

    /// Whether a value of the type may be an array; of types made by users only the value itself tells.
    var mayBeArray: Bool { isUserDefined || Self.arrayNumbers.contains(oid) }

    /// The type with this number, named by its number when this file does not list it.
    package init(oid: UInt32) {
        self = Self.known[oid] ?? Self(oid: oid, arrayOID: 0, name: "type \(oid)")
    }
}
