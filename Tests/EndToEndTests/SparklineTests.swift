import PerksCLI
import Testing

/// Bars for numbers.
struct SparklineTests {
    @Test(arguments: [
        ([], ""), ([0, 0], "▁▁"), ([5], "█"), ([0, 1, 7], "▁▂█"), ([1, 2, 3, 4, 5, 6, 7], "▂▃▄▅▆▇█"),
        ([1, 1_000_000], "▂█"),
    ])
    func aNumberIsABar(numbers: [Int], bars: String) {
        #expect(Sparkline.text(numbers) == bars)
    }

    @Test func manyNumbersAreSummedInEqualParts() {
        #expect(Sparkline.text(Array(repeating: 1, count: 40)).count == 40)
        #expect(Sparkline.text(Array(repeating: 1, count: 80)) == String(repeating: "█", count: 40))
        #expect(Sparkline.step(of: 80) == 2)
        // 41 numbers in parts of two: the one that is left over comes first.
        #expect(Sparkline.text(Array(repeating: 1, count: 41)) == "▅" + String(repeating: "█", count: 20))
        #expect(Sparkline.text(Array(repeating: 3, count: 3700)).count <= Sparkline.widest)
    }
}
