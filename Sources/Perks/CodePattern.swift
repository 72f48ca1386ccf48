/// What generated codes look like: `PALMS-####-####`, where each `#` becomes a character that is hard to misread.
///
/// The last `#` is a check character over all others by the hybrid system MOD 31,30 of ISO/IEC 7064:2003, which finds every
/// character that was mistaken for another. Of the ways to swap two neighbours, hybrid systems with an even number of
/// characters miss one in M(M-1)/2; codes in which that could happen are neither made nor valid, so that every such swap
/// is found too.
package struct CodePattern: Sendable {
    /// Digits and capitals without 0, O, 1, I, L and U, which are taken for others or make words.
    static let alphabet = Array("23456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    /// With fewer places, the last being the check character, codes are too easily guessed.
    static let fewestPlaces = 7
    /// Of the codes that a pattern can make, one in so many at most is made at once, so that guessing stays hopeless.
    private static let sparsity = 1000

    private static let values: [Int?] = (0...UInt8.max).map { alphabet.firstIndex(of: $0) }

    private let text: [UInt8]
    /// Where the `#` are.
    private let places: [Int]

    /// Reads a pattern; throws `invalid_request` with what is wrong with it.
    package init(_ text: String) throws(PerksError) {
        self.text = Array(text.utf8)
        places = self.text.indices.filter { [text = self.text] in text[$0] == UInt8(ascii: "#") }
        guard self.text.count <= Code.longest else {
            throw .invalid("/pattern", "wrong_length", "A pattern has at most \(Code.longest) characters.")
        }
        guard self.text.allSatisfy(Self.mayContain) else {
            throw .invalid(
                "/pattern", "wrong_format",
                "Beside #, a pattern consists of the letters A to Z and a to z, digits, hyphens, underscores and full stops."
            )
        }
        guard places.count >= Self.fewestPlaces else {
            throw .invalid(
                "/pattern", "too_few_places",
                "A pattern needs at least \(Self.fewestPlaces) #: six that are random and one that checks them.")
        }
    }

    /// Whether a byte may stand in a pattern.
    static func mayContain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "#-_.".utf8.contains(byte)
        }
    }

    /// Throws `invalid_request` when so many codes would be too large a part of those that there can be.
    package func checkRoom(for count: Int) throws(PerksError) {
        var (needed, room) = (Self.fewestPlaces, 1)
        for _ in 1..<needed { room *= Self.alphabet.count }
        while room / Self.sparsity < count {
            needed += 1
            room *= Self.alphabet.count
        }
        guard places.count >= needed else {
            throw .invalid(
                "/pattern", "too_few_places",
                "\(count) codes of this pattern could be guessed. With so many, it needs at least \(needed) #.")
        }
    }

    /// Makes a code up.
    package func code(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        while true {
            var values = (1..<places.count).map { _ in Int.random(in: Self.alphabet.indices, using: &generator) }
            values.append(Check.value(for: values, modulus: Self.alphabet.count))
            guard Check.findsEverySwap(in: values, modulus: Self.alphabet.count) else { continue }
            var code = text
            for (place, value) in zip(places, values) { code[place] = Self.alphabet[value] }
            return code
        }
    }

    /// Whether a text is a code that this pattern could have made.
    package func isValid(_ code: String) -> Bool {
        let code = Array(code.utf8)
        guard code.count == text.count, zip(code, text).allSatisfy({ $0 == $1 || $1 == UInt8(ascii: "#") }) else {
            return false
        }
        let values = places.compactMap { Self.values[Int(code[$0])] }
        guard values.count == places.count, let last = values.last else { return false }
        return Check.value(for: values.dropLast(), modulus: Self.alphabet.count) == last
            && Check.findsEverySwap(in: values, modulus: Self.alphabet.count)
    }

    /// The hybrid system MOD M+1,M of ISO/IEC 7064, for values from 0 below M; M+1 is prime.
    enum Check {
        /// The check value that belongs behind these values.
        static func value(for values: some Sequence<Int>, modulus: Int) -> Int {
            let product = values.reduce(modulus) { next($0, $1, modulus) }
            return (modulus + 1 - product) % modulus
        }

        /// Whether swapping any two different neighbours leaves another code than a valid one; the check value is the last.
        static func findsEverySwap(in values: [Int], modulus: Int) -> Bool {
            var product = modulus
            for (value, following) in zip(values, values.dropFirst()) {
                let kept = next(next(product, value, modulus), following, modulus)
                let swapped = next(next(product, following, modulus), value, modulus)
                guard kept != swapped || value == following else { return false }
                product = next(product, value, modulus)
            }
            return true
        }

        private static func next(_ product: Int, _ value: Int, _ modulus: Int) -> Int {
            let sum = (product + value) % modulus
            return (sum == 0 ? modulus : sum) * 2 % (modulus + 1)
        }
    }
}
