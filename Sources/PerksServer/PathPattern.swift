/// The paths of an endpoint: literal segments and captures, such as `/v1/venues/{venue}`.
package struct PathPattern: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    private let segments: [Segment]

    private enum Segment: Hashable {
        case literal(String)
        case capture(String)
    }

    init(_ text: String) {
        description = text
        segments = text.split(separator: "/").map { segment in
            segment.hasPrefix("{") && segment.hasSuffix("}")
                ? .capture(String(segment.dropFirst().dropLast())) : .literal(String(segment))
        }
    }

    /// The names of its captures, from left to right.
    package var captures: [String] {
        segments.compactMap { if case .capture(let name) = $0 { name } else { nil } }
    }

    var count: Int { segments.count }

    /// What the captures stand for in a path of decoded segments; nil when it is another path.
    func match(_ path: [String]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var captured: [String: String] = [:]
        for (segment, text) in zip(segments, path) {
            switch segment {
            case .literal(let literal):
                guard text == literal else { return nil }
            case .capture(let name):
                guard !text.isEmpty else { return nil }
                captured[name] = text
            }
        }
        return captured
    }

    /// Whether this pattern should be tried before another of the same length: literal segments go first.
    func precedes(_ other: PathPattern) -> Bool {
        for pair in zip(segments, other.segments) {
            switch pair {
            case (.literal, .capture): return true
            case (.capture, .literal): return false
            default: continue
            }
        }
        return false
    }
}

extension StringProtocol {
    /// This text with `%2F` and the like decoded (RFC 3986, section 2.1); nil when that is malformed or no UTF-8.
    var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next()?.hexDigit, let low = rest.next()?.hexDigit else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
