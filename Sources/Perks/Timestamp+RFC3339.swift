import Eligibility
import Postgres

extension Timestamp {
    /// Reads `2026-11-21T19:02:11.5+01:00`; nil when it is not RFC 3339 or no such moment exists.
    package init?(rfc3339 text: String) {
        var rest = Substring(text)
        guard let date = LocalDate(String(rest.prefix(10))), rest.utf8.count >= 20 else { return nil }
        rest = rest.dropFirst(10)
        guard let separator = rest.popFirst(), "Tt ".contains(separator),
            let hour = rest.popDigits(2), rest.popFirst() == ":",
            let minute = rest.popDigits(2), rest.popFirst() == ":",
            let second = rest.popDigits(2), hour < 24, minute < 60, second < 61
        else { return nil }
        var fraction = 0
        if rest.first == "." {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty, let micros = Int(digits.prefix(6)) else { return nil }
            fraction = (0..<(6 - min(6, digits.count))).reduce(micros) { value, _ in value * 10 }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = rest.popOffset(), rest.isEmpty else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + min(second, 59) - offset
        let (day, time) = Int64(seconds).quotientAndRemainder(flooring: 86_400)
        // A leap second is the last of a day in UTC, and a day that UTC puts outside the years 1 to 9999 has no text.
        guard second < 60 || time == 86_399, LocalDate(daysSinceEpoch: Int(day)).daysSinceEpoch == day else {
            return nil
        }
        self.init(microseconds: Int64(seconds) * 1_000_000 + Int64(fraction))
    }

    /// This moment in UTC, as `2026-11-21T19:02:11Z`, with microseconds where there are any.
    package var rfc3339: String {
        let (seconds, fraction) = microseconds.quotientAndRemainder(flooring: 1_000_000)
        let (days, time) = seconds.quotientAndRemainder(flooring: 86_400)
        let clock = [time / 3600, time / 60 % 60, time % 60].map { $0.padded(to: 2) }.joined(separator: ":")
        var text = "\(LocalDate(daysSinceEpoch: Int(days)))T\(clock)"
        if fraction != 0 {
            text += "." + fraction.padded(to: 6)
            while text.hasSuffix("0") { text.removeLast() }
        }
        return text + "Z"
    }

    /// This moment moved by so many seconds.
    package func adding(seconds: Int) -> Timestamp {
        Timestamp(microseconds: microseconds + Int64(seconds) * 1_000_000)
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let moment = Timestamp(rfc3339: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time in RFC 3339")
        }
        self = moment
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339)
    }
}

extension Substring {
    fileprivate mutating func popDigits(_ count: Int) -> Int? {
        let digits = prefix(count)
        guard digits.utf8.count == count,
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        removeFirst(count)
        return Int(digits)
    }

    /// The offset from UTC in seconds: `Z`, `+hh:mm` or `-hh:mm`.
    fileprivate mutating func popOffset() -> Int? {
        guard let sign = popFirst() else { return nil }
        if sign == "Z" || sign == "z" { return 0 }
        guard sign == "+" || sign == "-", let hours = popDigits(2), popFirst() == ":", let minutes = popDigits(2),
            hours < 24, minutes < 60
        else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity, so that moments before 1970 keep a time of day.
    func quotientAndRemainder(flooring divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    fileprivate func padded(to width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
