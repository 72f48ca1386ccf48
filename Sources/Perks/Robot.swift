/// Tells programs that follow links from people: unfurlers, scanners, crawlers, libraries.
///
/// A program is known by what it says of itself (`preview`, `bot`, a library, an address to write to) or by a shape that
/// no browser has. A program that sends the whole agent of a browser is taken for a person.
package enum Robot {
    /// As much of a header as is read; what says who sent it comes long before.
    private static let limit = 512

    /// Whether a request for a link was made by a program.
    ///
    /// - Parameters:
    ///   - agent: The header User-Agent as it came, nil when there was none.
    ///   - isHead: Whether the method was HEAD, with which no browser opens a page.
    ///   - purposes: The values, if any, of Purpose, Sec-Purpose, X-Purpose and X-Moz.
    /// - Returns: Whether it was; false for a person and for a program that passes for one.
    package static func isLikely(agent: String?, isHead: Bool, purposes: [String]) -> Bool {
        guard !isHead, !purposes.contains(where: isAheadOfPerson), var agent else { return true }
        return agent.withUTF8 { isProgram(UnsafeBufferPointer(rebasing: $0.prefix(limit))) }
    }

    /// Whether a purpose says that the page is loaded before anybody has asked to see it.
    private static func isAheadOfPerson(_ purpose: String) -> Bool {
        var purpose = purpose
        return purpose.withUTF8 { text in
            var window = Window(UnsafeBufferPointer(rebasing: text.prefix(limit)))
            while !window.isAtEnd {
                if early.contains(where: window.begins) { return true }
                window.advance()
            }
            return false
        }
    }

    private static let early = [
        Word("prefetch", .anywhere, .program), Word("preview", .anywhere, .program),
        Word("prerende", .anywhere, .program),
    ]

    private static func isProgram(_ agent: UnsafeBufferPointer<UInt8>) -> Bool {
        let signs = signs(in: agent)
        if !signs.isDisjoint(with: [.program, .unprintable]) { return true }
        if signs.contains(.address), !signs.contains(.talkative) { return true }
        if signs.contains(.compatible), !signs.contains(.compatibleBrowser) { return true }
        guard signs.contains(.browser) else { return !isNetscape(agent) }
        guard var rest = afterMozilla(agent) else { return false }
        // Every browser says on what it runs before it names its engine, and says Windows first if it is Windows.
        if rest.begins(webKit) { return true }
        guard rest.byte == UInt8(ascii: "("), signs.contains(.windows) else { return false }
        rest.advance()
        return signs.isDisjoint(with: [.compatible, .talkative]) && !rest.begins(windows)
    }

    /// Whether an agent has the form `Mozilla/4.08 [en] (Win98; I)`, the only one that names no engine.
    private static func isNetscape(_ agent: UnsafeBufferPointer<UInt8>) -> Bool {
        afterMozilla(agent)?.byte == UInt8(ascii: "[")
    }

    /// What follows `Mozilla/5.0` and spaces; nil when an agent does not begin so.
    private static func afterMozilla(_ agent: UnsafeBufferPointer<UInt8>) -> Window? {
        var window = Window(agent)
        guard window.begins(mozilla) else { return nil }
        for _ in 0..<mozilla.count { window.advance() }
        while window.byte.isDigit || window.byte == UInt8(ascii: ".") { window.advance() }
        while window.byte == UInt8(ascii: " ") { window.advance() }
        return window
    }

    private static let mozilla = Word("mozilla/", .first, .browser)
    private static let webKit = Word("applewe", .first, .browser)
    private static let windows = Word("windows", .first, .windows)

    /// Everything the words of an agent say, read once from its start to its end.
    private static func signs(in agent: UnsafeBufferPointer<UInt8>) -> Signs {
        var signs = Signs()
        var isDevice = false
        var isFirstComment = true
        var window = Window(agent)
        let vocabulary = vocabulary
        while !window.isAtEnd, !signs.contains(.program) {
            switch window.byte {
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                isDevice = false
                isFirstComment = false
            case UInt8(ascii: "@"), UInt8(ascii: "+"):
                if window.isContact { signs.insert(.program) }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                // Quoted by whoever pasted it into a program.
                if window.index == 0 { signs.insert(.program) }
            case 0..<9, 10..<32, 127: signs.insert(.unprintable)
            default: break
            }
            for index in vocabulary.candidates(window.bytes) {
                let word = vocabulary.words[index]
                guard window.begins(word), window.isInPlace(word) else { continue }
                switch word.signs {
                case .device: isDevice = true
                case .windows: if isFirstComment { signs.insert(.windows) }
                case .program: if window.names(word, isDevice: isDevice) { signs.insert(.program) }
                default: signs.formUnion(word.signs)
                }
            }
            window.advance()
        }
        return signs
    }
}

/// A place in an agent and the eight bytes from there on, in lower case.
private struct Window {
    let text: UnsafeBufferPointer<UInt8>
    private(set) var index = 0
    private(set) var bytes: UInt64 = 0

    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
        for offset in 0..<min(8, text.count) { bytes |= UInt64(text[offset].lowercased) << UInt64(8 * offset) }
    }

    var isAtEnd: Bool { index >= text.count }
    var byte: UInt8 { UInt8(truncatingIfNeeded: bytes) }

    mutating func advance() {
        let next = index + 8
        bytes = bytes >> 8 | (next < text.count ? UInt64(text[next].lowercased) << 56 : 0)
        index += 1
    }

    func begins(_ word: Robot.Word) -> Bool { bytes & word.mask == word.bytes }

    func isInPlace(_ word: Robot.Word) -> Bool {
        switch word.place {
        case .anywhere: true
        case .wordStart: startsWord
        case .wordEnd: endsWord(at: index + word.count)
        case .wholeWord: startsWord && (word.count == 8 || endsWord(at: index + word.count))
        case .domainEnd: index > 0 && text[index - 1].isLetterOrDigit && endsDomain(at: index + word.count)
        case .first: index == 0
        }
    }

    /// Whether the word of a program is meant as one.
    ///
    /// Phones are called Cubot, Spider-X4 and Discovery; where a phone names itself only `Spider/1.0` is a program.
    func names(_ word: Robot.Word, isDevice: Bool) -> Bool {
        // No further than any name goes, or a long run of letters would be read again at each of its words.
        let reach = max(0, index - 16)..<min(text.count, index + 32)
        var start = index
        while start > reach.lowerBound, text[start - 1].isLetter { start -= 1 }
        var end = index + word.count
        while end < reach.upperBound, text[end].isLetter { end += 1 }
        if isDevice, text[index].isLetter, end >= text.count || text[end] != UInt8(ascii: "/") { return false }
        return !["cubot", "fetchtv", "spidermonkey"].contains { equals($0, from: start, to: end) }
    }

    private func equals(_ name: StaticString, from start: Int, to end: Int) -> Bool {
        name.withUTF8Buffer { name in
            name.count == end - start && name.indices.allSatisfy { name[$0] == text[start + $0].lowercased }
        }
    }

    private var startsWord: Bool {
        index == 0 || !text[index - 1].isLetter || text[index].isUppercase && text[index - 1].isLowercase
    }

    /// Whether a word may end here: before what is no letter, before the next hump of `LinkBotService`, or as a plural.
    private func endsWord(at end: Int) -> Bool {
        if isEdge(end) { return true }
        return text[end].lowercased == UInt8(ascii: "s") && isEdge(end + 1)
    }

    private func isEdge(_ end: Int) -> Bool {
        end >= text.count || !text[end].isLetter || text[end].isUppercase && text[end - 1].isLowercase
    }

    /// Whether a domain may end here, which neither the middle of `jp.co.yahoo.app` nor that of a longer word does.
    private func endsDomain(at end: Int) -> Bool {
        end >= text.count || !text[end].isLetterOrDigit && text[end] != UInt8(ascii: ".")
    }

    /// Whether here, at an `@` or a `+`, begins a domain: somebody's mailbox or, after a `+`, a page about a program.
    var isContact: Bool {
        if byte == UInt8(ascii: "@"), index == 0 || !text[index - 1].isLetterOrDigit { return false }
        var end = index + 1
        var dots = 0
        var lettersSinceDot = 0
        while end < text.count,
            text[end].isLetterOrDigit || text[end] == UInt8(ascii: "-") || text[end] == UInt8(ascii: ".")
        {
            if text[end] == UInt8(ascii: ".") {
                // A full stop after the address is not part of it.
                if end + 1 == text.count || !text[end + 1].isLetterOrDigit { break }
                dots += 1
                lettersSinceDot = 0
            } else {
                lettersSinceDot = text[end].isLetter ? lettersSinceDot + 1 : 0
            }
            end += 1
        }
        return dots > 0 && lettersSinceDot >= 2
    }
}

extension UInt8 {
    fileprivate var isUppercase: Bool { self &- UInt8(ascii: "A") < 26 }
    fileprivate var isLowercase: Bool { self &- UInt8(ascii: "a") < 26 }
    fileprivate var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    fileprivate var isLetter: Bool { self | 0x20 &- UInt8(ascii: "a") < 26 }
    fileprivate var isLetterOrDigit: Bool { isLetter || isDigit }
    fileprivate var lowercased: UInt8 { isUppercase ? self | 0x20 : self }
}
