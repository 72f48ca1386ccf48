extension String {
    /// How many columns of a terminal this text takes: two for East Asian characters and emoji, none for combining marks.
    package var displayWidth: Int {
        reduce(0) { $0 + $1.displayWidth }
    }

    /// This text without what would move a terminal's cursor or turn its direction round.
    package var printable: String {
        guard unicodeScalars.contains(where: { $0.isUnprintable }) else { return self }
        var scalars = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            scalars.append(scalar.isUnprintable ? (scalar.value < 32 ? " " : "\u{FFFD}") : scalar)
        }
        return String(scalars)
    }

    /// This text cut to so many columns, the last of them an ellipsis where something is missing.
    package func cut(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var (kept, used) = ("", 0)
        for character in self {
            let width = width - character.displayWidth
            guard used < width else { break }
            kept.append(character)
            used += character.displayWidth
        }
        return kept + "…"
    }

    /// This text filled up with spaces to so many columns.
    package func padded(to width: Int, rightAligned: Bool = false) -> String {
        let filling = String(repeating: " ", count: Swift.max(0, width - displayWidth))
        return rightAligned ? filling + self : self + filling
    }
}

extension Character {
    /// How many columns of a terminal it takes.
    var displayWidth: Int {
        let isEmoji = unicodeScalars.contains { $0.properties.isEmojiPresentation || $0.value == 0xFE0F }
        return isEmoji ? 2 : unicodeScalars.reduce(0) { $0 + $1.displayWidth }
    }
}

extension Unicode.Scalar {
    fileprivate var displayWidth: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: 0
        default:
            switch value {
            // The vowels and final consonants of a Hangul syllable that is written in parts.
            case 0x1160...0x11FF: 0
            default: Unicode.Scalar.isWide(value) ? 2 : 1
            }
        }
    }

    fileprivate var isUnprintable: Bool {
        switch value {
        case 0x202A...0x202E, 0x2066...0x2069: true
        default: properties.generalCategory == .control
        }
    }

    /// Whether Unicode's East Asian Width is wide or full width.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
            0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
