/// Numbers as a line of little bars, one beside the other.
package enum Sparkline {
    /// The most bars that a line has.
    package static let widest = 40

    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// How many numbers one bar stands for.
    package static func step(of count: Int) -> Int {
        max(1, (count + widest - 1) / widest)
    }

    /// The bars, the highest for the greatest number, the lowest for zero alone.
    ///
    /// Where there are more numbers than bars they are summed in equal parts; should one part have to be smaller, it is
    /// the first, so that what happened last is not made to look small.
    package static func text(_ numbers: [Int]) -> String {
        let step = step(of: numbers.count)
        var sums: [Int] = []
        var end = numbers.count
        while end > 0 {
            sums.append(numbers[max(0, end - step)..<end].reduce(0, +))
            end -= step
        }
        let greatest = sums.max() ?? 0
        return String(
            sums.reversed().map { sum in
                // Rounded up: whatever is more than nothing rises above the lowest bar.
                greatest == 0 ? bars[0] : bars[(max(0, sum) * (bars.count - 1) + greatest - 1) / greatest]
            })
    }
}
