import Foundation
import Logging
import Perks
import Postgres

/// Writes each log event as one line of JSON: `ts`, `level`, `message`, then whatever else is known of it.
package struct JSONLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let write: @Sendable ([UInt8]) -> Void

    /// A handler for a logger of some level; `write` takes whole lines, one a call.
    package init(
        level: Logger.Level = .info, write: @escaping @Sendable ([UInt8]) -> Void = JSONLogHandler.standardError
    ) {
        logLevel = level
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = JSONLine()
        line.append("ts", Timestamp.now().rfc3339)
        line.append("level", event.level.rawValue)
        line.append("message", event.message.description)
        var fields = metadata
        fields.merge(metadataProvider?.get() ?? [:]) { _, provided in provided }
        fields.merge(event.metadata ?? [:]) { _, own in own }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { line.append(name, value) }
        if let error = event.error { line.append("error", "\(error)") }
        write(line.finished)
    }

    /// Writes a line to standard error in one piece.
    package static let standardError: @Sendable ([UInt8]) -> Void = { line in
        try? FileHandle.standardError.write(contentsOf: line)
    }
}

/// An object of JSON in the making.
///
/// Every request writes one, so it is done by hand: an encoder takes fifty times as long.
private struct JSONLine {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func append(_ name: String, _ text: String) {
        appendName(name)
        append(quoted: text)
    }

    mutating func append(_ name: String, _ value: Logger.MetadataValue) {
        appendName(name)
        append(value)
    }

    var finished: [UInt8] { bytes + "}\n".utf8 }

    private mutating func append(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): append(quoted: text)
        case .stringConvertible(let number as Int): bytes += "\(number)".utf8
        case .stringConvertible(let number as Double) where number.isFinite: bytes += "\(number)".utf8
        case .stringConvertible(let value): append(quoted: value.description)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(value)
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            var object = JSONLine()
            for (name, value) in members.sorted(by: { $0.key < $1.key }) { object.append(name, value) }
            bytes += object.bytes
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private mutating func appendName(_ name: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        append(quoted: name)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20, 0x7F: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
