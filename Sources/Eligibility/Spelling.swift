/// Finds the known names that a mistyped one may have meant.
package enum Spelling {
    /// At most `limit` of the known names, the nearest first; names too far from it are left out.
    package static func nearest(to name: String, among known: some Sequence<String>, limit: Int = 3) -> [String] {
        let wanted = Array(name.lowercased().unicodeScalars.prefix(64))
        // A third of the letters may be wrong: more than that is another word.
        let tolerance = max(1, wanted.count / 3)
        var found: [(distance: Int, name: String)] = []
        for candidate in known {
            let letters = Array(candidate.lowercased().unicodeScalars)
            guard abs(letters.count - wanted.count) <= tolerance else { continue }
            let distance = distance(wanted, letters)
            if distance <= tolerance { found.append((distance, candidate)) }
        }
        return found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
    }

    /// The question to add to a message, or nothing.
    static func question(_ names: [String]) -> String {
        names.isEmpty ? "" : " Did you mean \(names.joined(separator: ", "))?"
    }

    /// Letters to insert, drop, replace or swap with their neighbour to get from one word to the other.
    private static func distance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for (row, letter) in first.enumerated() {
            var current = [row + 1]
            for (column, other) in second.enumerated() {
                var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == second[column - 1], first[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[second.count]
    }
}
