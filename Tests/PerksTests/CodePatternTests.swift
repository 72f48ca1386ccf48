import Foundation
import Testing

@testable import Perks

@Suite struct CodePatternTests {
    private static let patterns = [
        "PALMS-####-####", "#######", "a_#.#-#x#y#Z#9#", String(repeating: "#", count: 64), "###-###-###-###",
    ]

    /// So many codes of a pattern.
    private func codes(_ pattern: CodePattern, _ count: Int) -> [String] {
        var luck = Luck()
        return (0..<count).map { _ in String(decoding: pattern.code(using: &luck), as: UTF8.self) }
    }

    @Test(arguments: patterns) func codesLookLikeTheirPattern(text: String) throws {
        let pattern = try CodePattern(text)
        for code in codes(pattern, 200) {
            #expect(code.utf8.count == text.utf8.count)
            for (character, wanted) in zip(code.utf8, text.utf8) {
                #expect(wanted == UInt8(ascii: "#") ? CodePattern.alphabet.contains(character) : character == wanted)
            }
            #expect(pattern.isValid(code), "\(code)")
        }
    }

    @Test(arguments: patterns) func everyMistakenCharacterIsFound(text: String) throws {
        let pattern = try CodePattern(text)
        for code in codes(pattern, 40) {
            let bytes = Array(code.utf8)
            for place in bytes.indices {
                for other in CodePattern.alphabet + Array("01OILUa#".utf8) where other != bytes[place] {
                    var mistaken = bytes
                    mistaken[place] = other
                    let read = String(decoding: mistaken, as: UTF8.self)
                    #expect(!pattern.isValid(read), "\(read) passes for \(code)")
                }
            }
        }
    }

    @Test(arguments: patterns) func everySwapOfNeighboursIsFound(text: String) throws {
        let pattern = try CodePattern(text)
        for code in codes(pattern, 3000) {
            var bytes = Array(code.utf8)
            for place in bytes.indices.dropLast() where bytes[place] != bytes[place + 1] {
                bytes.swapAt(place, place + 1)
                let read = String(decoding: bytes, as: UTF8.self)
                if pattern.isValid(read) { Issue.record("\(read) passes for \(code)") }
                bytes.swapAt(place, place + 1)
            }
        }
    }

    /// ISO/IEC 7064's own example of MOD 11,10, and the Global Release Identifier's of MOD 37,36.
    @Test(arguments: [("0794", "5", 10), ("A12425GABC1234002", "M", 36)])
    func theCheckIsTheStandards(text: String, check: String, modulus: Int) {
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        let values = text.compactMap { digits.firstIndex(of: $0) }
        #expect(String(digits[CodePattern.Check.value(for: values, modulus: modulus)]) == check)
    }

    @Test func noCharacterIsTakenForAnother() {
        let alphabet = String(decoding: CodePattern.alphabet, as: UTF8.self)
        #expect(alphabet.count == 30)
        #expect(Set(alphabet).count == 30)
        #expect(Set(alphabet).isDisjoint(with: "0O1ILU"))
    }

    @Test(arguments: [
        ("PALMS", "too_few_places"), ("######", "too_few_places"), ("", "too_few_places"),
        ("####### ", "wrong_format"), ("#######\n", "wrong_format"), ("É#######", "wrong_format"),
        ("#######,", "wrong_format"), (String(repeating: "#", count: 65), "wrong_length"),
    ])
    func otherPatternsAreRefused(text: String, code: String) {
        let error = #expect(throws: PerksError.self) { try CodePattern(text) }
        #expect(error?.violations.map(\.code) == [code])
        #expect(error?.violations.map(\.pointer) == ["/pattern"])
    }

    /// A thousandth of 30 to the power of the random places.
    @Test(arguments: [(7, 1, nil), (7, 729_000, nil), (7, 729_001, 8), (7, 1_000_000, 8), (8, 1_000_000, nil)])
    func aPatternHasRoomForSoMany(places: Int, count: Int, needed: Int?) throws {
        let pattern = try CodePattern("P-" + String(repeating: "#", count: places))
        let error: PerksError?
        do throws(PerksError) {
            try pattern.checkRoom(for: count)
            error = nil
        } catch let refusal {
            error = refusal
        }
        #expect((error == nil) == (needed == nil))
        if let needed { #expect(error?.detail.contains("at least \(needed) #") == true) }
    }
}
