import Foundation
import Testing

@testable import Perks

@Suite struct CSVTests {
    /// Every row as its line and its cells between bars, or as its line and an exclamation mark if it is broken.
    private func rows(_ chunks: [some Sequence<UInt8>]) -> [String] {
        var csv = CSV()
        var rows: [String] = []
        let note = { (record: CSV.Record) in
            switch record.content {
            case .success(let cells): rows.append("\(record.line) " + cells.joined(separator: "|"))
            case .failure: rows.append("\(record.line) !")
            }
        }
        for chunk in chunks { csv.feed(chunk, note) }
        csv.finish(note)
        return rows
    }

    private func rows(_ text: String) -> [String] { rows([text.utf8]) }

    private func reasons(_ bytes: some Sequence<UInt8>) -> [String] {
        var csv = CSV()
        var reasons: [String] = []
        let note = { (record: CSV.Record) in
            if case .failure(let fault) = record.content { reasons.append(fault.reason) }
        }
        csv.feed(bytes, note)
        csv.finish(note)
        return reasons
    }

    @Test(arguments: [
        ("a,b\n1,2\n", ["1 a|b", "2 1|2"]),
        ("a,b\r\n1,2\r\n", ["1 a|b", "2 1|2"]),
        ("a,b\n1,2", ["1 a|b", "2 1|2"]),
        ("a,b\r\n1,2\r", ["1 a|b", "2 1|2"]),
        ("\"a\",\"b\"\r\n\"c\"", ["1 a|b", "2 c"]),
        ("\"say \"\"hi\"\"\",x", ["1 say \"hi\"|x"]),
        ("\"\"\"\"", ["1 \""]),
        ("\"\",\"\"\n\"\"\n", ["1 |", "2 "]),
        ("\"a,b\",c", ["1 a,b|c"]),
        ("\"a\nb\",c\nd,e", ["1 a\nb|c", "3 d|e"]),
        ("\"a\r\n\r\nb\"\r\nd,e", ["1 a\r\n\r\nb", "4 d|e"]),
        ("\u{FEFF}a,b\n1,2", ["1 a|b", "2 1|2"]),
        ("\u{FEFF}\"a\"\n1", ["1 a", "2 1"]),
        ("a\n\u{FEFF}b", ["1 a", "2 \u{FEFF}b"]),
        ("\u{FEFF}", []), ("", []), ("\n", []), ("\r\n\r\n", []), ("\r", []),
        ("\na\n\n\r\n\nb\n\n", ["2 a", "6 b"]),
        (",,\n,\n", ["1 ||", "2 |"]),
        (" a ,\tb \n", ["1  a |\tb "]),
        ("a\rb,c\n", ["1 a\rb|c"]),
        ("Zoë,東京,🎰\n", ["1 Zoë|東京|🎰"]),
        ("it's;fine\tso\n", ["1 it's;fine\tso"]),
    ])
    func filesAreRead(text: String, expected: [String]) {
        #expect(rows(text) == expected)
    }

    @Test(arguments: [
        ("a\"b,c\nok,1", ["1 !", "2 ok|1"]),
        ("a,b\"\r\nok,1", ["1 !", "2 ok|1"]),
        ("\"a\"b,c\nok,1", ["1 !", "2 ok|1"]),
        ("\"a\" ,c\nok,1", ["1 !", "2 ok|1"]),
        ("\"a\"\r\"b\",c\nok,1", ["1 !", "2 ok|1"]),
        ("\"a\"\r,c\nok,1", ["1 !", "2 ok|1"]),
        ("ok,1\n\n x\"", ["1 ok|1", "3 !"]),
        ("a\"\nb\"\nok,1\nc\"", ["1 !", "2 !", "3 ok|1", "4 !"]),
        // A quote that is never closed breaks its own row only, wherever that is noticed.
        ("\"", ["1 !"]),
        ("a,\"open", ["1 !"]),
        ("\"open,1\nok,2\nalso,3\n", ["1 !", "2 ok|2", "3 also|3"]),
        ("ok,0\r\n\"open,1\r\nok,2\r\n", ["1 ok|0", "2 !", "3 ok|2"]),
        ("\"open,1\nok,2\n\"x\",3\nok,4\n", ["1 !", "2 ok|2", "3 x|3", "4 ok|4"]),
        ("\"open,1\n\nok,2\n3,\"x\"\n", ["1 !", "3 ok|2", "4 3|x"]),
        ("\"open,1\n\"open,2\nok,3\n", ["1 !", "2 !", "3 ok|3"]),
    ])
    func brokenRowsAreReportedAndReadingGoesOn(text: String, expected: [String]) {
        #expect(rows(text) == expected)
    }

    @Test func invalidUTF8BreaksItsRowOnly() {
        let lines: [[UInt8]] = [
            Array("a,b\n".utf8), [0x61, 0xFF, 0x0A], [0xC3, 0x0A], [0xED, 0xA0, 0x80, 0x0A],
            [0x22, 0xC0, 0x80, 0x22, 0x0A],
            Array("é,ok\n".utf8), [0xF0, 0x9F, 0x8E],
        ]
        #expect(rows([Array(lines.joined())]) == ["1 a|b", "2 !", "3 !", "4 !", "5 !", "6 é|ok", "7 !"])
    }

    @Test func theReasonSaysWhatIsWrong() {
        #expect(
            reasons("a\"b".utf8) == [
                "A quote stands inside an unquoted field; quote the whole field and double the quote."
            ])
        #expect(reasons("\"a\"b".utf8) == ["After a closing quote there must be a comma or the end of the line."])
        #expect(reasons("\"a".utf8) == ["A quote is opened and never closed."])
        #expect(reasons([0xFF]) == ["The row is not valid UTF-8."])
        #expect(
            reasons(String(repeating: "x", count: 70_000).utf8) == [
                "The row is longer than 64 KiB; is a quote never closed?"
            ])
    }

    @Test func whereTheChunksEndMakesNoDifference() {
        let text =
            "\u{FEFF}name,\"note\"\r\n\"Zoë \"\"Z\"\"\",\"two\r\nlines\"\r\n\r\nbro\"ken,1\n🎰,東京\n\"x\"y,2\n,\n"
            + "\"open\n\"\"\nq,\"c\"\"d\"\r\nlast,\"row\""
        let bytes = Array(text.utf8)
        let whole = rows([bytes])
        #expect(
            whole == [
                "1 name|note", "2 Zoë \"Z\"|two\r\nlines", "5 !", "6 🎰|東京", "7 !", "8 |", "9 !", "10 ", "11 q|c\"d",
                "12 last|row",
            ])
        for place in 0...bytes.count {
            #expect(rows([bytes[..<place], bytes[place...]]) == whole, "split at \(place)")
        }
        #expect(rows(bytes.map { [$0] }) == whole)
    }

    @Test func aRowOf64KiBIsTheLongest() {
        let longest = String(repeating: "x", count: CSV.longestRow - 1)
        #expect(rows(longest + "\nok\n") == ["1 \(longest)", "2 ok"])
        #expect(rows(longest + "x\nok\n") == ["1 !", "2 ok"])
        #expect(rows(longest + "xx\nok\n") == ["1 !", "2 ok"])
        #expect(rows(longest + "xxx") == ["1 !"])
        #expect(rows("\"" + longest + "\"\nok\n") == ["1 !", "2 ok"])
        // Two rows that are short enough each, within one quote that is never closed.
        let half = String(repeating: "y", count: CSV.longestRow * 2 / 3)
        #expect(rows("\"\n\(half)\n\(half)\nok") == ["1 !", "2 \(half)", "3 \(half)", "4 ok"])
    }

    @Test(arguments: ["", "\"", "a,\"", "a\""])
    func aLineOfTenMegabytesIsPassedOver(beginning: String) {
        let long = Array(repeating: UInt8(ascii: "x"), count: 10_000_000)
        #expect(
            rows([Array("a,b\n\(beginning)".utf8), long, Array("\nok,1\n".utf8)]) == ["1 a|b", "2 !", "3 ok|1"])
    }

    @Test func aQuoteNeverClosedLosesNoRowAfterIt() {
        let count = 50_000
        let text = "\"open\n" + String(repeating: "row,1\n", count: count)
        let read = rows(text)
        #expect(read == ["1 !"] + (2...(count + 1)).map { "\($0) row|1" })
    }

    @Test func whatIsWrittenComesBack() {
        var luck = Luck()
        for _ in 0..<500 {
            let table = (0..<luck.below(6)).map { _ in
                (0...luck.below(4)).map { _ in
                    (0..<luck.below(6)).map { _ in luck.pick(["a", ",", "\"", "\n", "\r\n", "\r", "é", "🎰", " "]) }
                        .joined()
                }
            }
            let lineEnd = luck.pick(["\n", "\r\n"])
            let text = table.map { $0.map(quoted).joined(separator: ",") }.joined(separator: lineEnd)
            var line = 1
            let expected = table.map { cells in
                defer { line += 1 + cells.joined().utf8.count { $0 == UInt8(ascii: "\n") } }
                return "\(line) " + cells.joined(separator: "|")
            }
            let bytes = Array(text.utf8)
            let size = luck.below(8) + 1
            let chunks = stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
            #expect(rows(chunks) == expected, luck.comment)
        }
    }

    private func quoted(_ cell: String) -> String {
        "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }
}
