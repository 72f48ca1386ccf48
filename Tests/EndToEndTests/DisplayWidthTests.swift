import PerksCLI
import Testing

/// How wide text is at a terminal.
struct DisplayWidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("Zürich", 6), ("e\u{301}", 1), ("東京", 4), ("ﾊﾝｶｸ", 4), ("한국", 4),
        ("\u{1112}\u{1161}\u{11AB}", 2), ("🎰", 2), ("🇺🇸", 2), ("👩‍👩‍👧", 2), ("❤️", 2), ("❤", 1), ("ａ", 2),
        ("محمد", 4), ("กำ", 2), ("\u{200B}x", 1), ("–…", 2), ("クルトン", 8),
    ])
    func aTextTakesSoManyColumns(text: String, width: Int) {
        #expect(text.displayWidth == width)
    }

    @Test(arguments: [
        ("short", 10, "short"), ("exactly", 7, "exactly"), ("too long", 5, "too …"), ("東京カジノ", 6, "東京…"),
        ("東京カジノ", 5, "東京…"), ("🇺🇸🇺🇸🇺🇸", 4, "🇺🇸…"),
    ])
    func aTextIsCutBetweenCharacters(text: String, width: Int, expected: String) {
        #expect(text.cut(to: width) == expected)
        #expect(text.cut(to: width).displayWidth <= width)
    }

    @Test func aTableFitsItsTerminalAndLeavesNarrowColumnsWhole() {
        let table = Table(
            header: ["SLUG", "NAME", "N"], rightAligned: [false, false, true],
            rows: [["a", String(repeating: "東", count: 30), "1"], ["bcd", "short", "12345"]])
        let lines = table.lines(width: 40)
        #expect(lines.allSatisfy { $0.displayWidth <= 40 })
        #expect(lines[1].hasPrefix("a     東") && lines[1].hasSuffix("…      1"))
        #expect(lines[2].hasSuffix(" 12345"))
        #expect(table.lines()[1].contains(String(repeating: "東", count: 30)))
    }
}
