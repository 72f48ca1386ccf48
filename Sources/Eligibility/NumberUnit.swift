/// What the integers of a leaf count: hundredths of something, or whole things.
enum NumberUnit: Sendable {
    case hundredths
    case whole

    /// From this number on it is refused; below, binary fractions are still exact to two decimals.
    static let limit = 1_000_000_000_000

    /// The number as people write it: `60`, `58.24`, `0.5`.
    func text(_ number: Int) -> String {
        guard self == .hundredths else { return String(number) }
        let (ones, rest) = number.magnitude.quotientAndRemainder(dividingBy: 100)
        let sign = number < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(ones)" }
        return "\(sign)\(ones).\(rest / 10)" + (rest % 10 == 0 ? "" : "\(rest % 10)")
    }

    /// Reads a number with at most two decimals, or a whole one; the failure is the noun that was expected.
    func read(_ word: String) -> Result<Int, Misread> {
        var digits = Substring(word)
        let negative = digits.first == "-"
        if negative { digits = digits.dropFirst() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        let decimal = { (part: Substring) in !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) } }
        guard (1...2).contains(parts.count), parts.allSatisfy(decimal) else { return .failure(.notANumber) }
        guard parts[0].utf8.count <= 12, let ones = Int(parts[0]) else { return .failure(.tooLarge) }
        guard self == .hundredths else {
            return parts.count == 1 ? .success(negative ? -ones : ones) : .failure(.notWhole)
        }
        let fraction = parts.count == 2 ? parts[1] : "0"
        guard fraction.utf8.count <= 2, let rest = Int(fraction) else { return .failure(.tooPrecise) }
        let number = ones * 100 + (fraction.utf8.count == 1 ? rest * 10 : rest)
        return .success(negative ? -number : number)
    }

    /// The number nearest to a binary fraction, if it has at most two decimals, or none.
    func read(_ fraction: Double) -> Result<Int, Misread> {
        guard fraction.isFinite, fraction.magnitude < Double(NumberUnit.limit) else { return .failure(.tooLarge) }
        let scaled = fraction * 100
        let hundredths = Int(scaled + (scaled < 0 ? -0.5 : 0.5))
        // What remains of a decimal that is none in binary is far smaller than the next decimal would be.
        guard (scaled - Double(hundredths)).magnitude <= max(1e-6, scaled.magnitude * 1e-15) else {
            return .failure(self == .whole ? .notWhole : .tooPrecise)
        }
        guard self == .whole else { return .success(hundredths) }
        return hundredths % 100 == 0 ? .success(hundredths / 100) : .failure(.notWhole)
    }

    /// Why something is not a number of the unit.
    enum Misread: Error {
        case notANumber
        case notWhole
        case tooPrecise
        case tooLarge

        /// The code of the refusal.
        var code: String {
            switch self {
            case .notANumber: "number_expected"
            case .notWhole: "whole_number_expected"
            case .tooPrecise: "too_many_decimals"
            case .tooLarge: "number_too_large"
            }
        }

        /// What was expected instead.
        var expectation: String {
            switch self {
            case .notANumber: "a number"
            case .notWhole: "a whole number"
            case .tooPrecise: "a number with at most two decimals"
            case .tooLarge: "a number below 1000000000000"
            }
        }
    }
}
