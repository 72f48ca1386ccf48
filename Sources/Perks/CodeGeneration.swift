import Foundation

/// What codes to make up for a perk, and how many.
package struct CodeGeneration: Codable, Sendable {
    /// Such as `PALMS-####-####`.
    package var pattern: String
    package var count: Int

    /// How many can be made at once.
    package static let most = 1_000_000
    /// How many one request may ask for, so that its answer does not take too long.
    package static let mostPerRequest = 100_000

    package init(pattern: String, count: Int) {
        self.pattern = pattern
        self.count = count
    }
}

extension CodeGeneration: Described {
    package static let schemaName = "CodeGeneration"
    package static let schema = JSONSchema.object([
        .required(
            "pattern",
            .string(
                CodePattern.fewestPlaces...Code.longest,
                .init(
                    expression: "^[A-Za-z0-9._#-]*$", format: nil,
                    meaning: "letters A to Z and a to z, digits, hyphens, underscores, full stops and #"
                ) { $0.utf8.allSatisfy(CodePattern.mayContain) }),
            "Such as PALMS-####-####: each # becomes a random character, the last one a check character."),
        .required("count", .integer(1...mostPerRequest), "How many are made."),
    ])
}

extension CodeImport {
    /// Makes up exactly so many codes that are new to the brand, behind those that the perk has.
    ///
    /// Throws `invalid_request` for a pattern that is malformed, or that has too few `#` for so many codes.
    package func run(_ generation: CodeGeneration, for perk: Reference<Perk>) async throws -> Outcome {
        let pattern = try CodePattern(generation.pattern)
        guard (1...CodeGeneration.most).contains(generation.count) else {
            throw PerksError.invalid("/count", "out_of_range", "count must be from 1 to \(CodeGeneration.most).")
        }
        try pattern.checkRoom(for: generation.count)
        let codes = GeneratedCodes(pattern: pattern, remaining: generation.count)
        return try await run(codes, for: perk, replacingDuplicatesBy: generation)
    }
}

/// Random codes of a pattern as the lines of a file, made as they are asked for.
private struct GeneratedCodes: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let pattern: CodePattern
    var remaining: Int
    private var generator = SystemRandomNumberGenerator()

    /// How many lines a chunk has.
    private static let chunk = 4096

    init(pattern: CodePattern, remaining: Int) {
        self.pattern = pattern
        self.remaining = remaining
    }

    func makeAsyncIterator() -> GeneratedCodes { self }

    mutating func next() async -> [UInt8]? {
        guard remaining > 0 else { return nil }
        let count = Swift.min(remaining, GeneratedCodes.chunk)
        remaining -= count
        var lines: [UInt8] = []
        for _ in 0..<count {
            lines += pattern.code(using: &generator)
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }
}
