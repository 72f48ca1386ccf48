/// One word, text or sign of a rule's text form.
struct RuleToken: Equatable {
    enum Kind: Equatable {
        case word
        case quoted
        case sign
        case end
    }

    let kind: Kind
    let text: String
    /// Counted in Unicode scalars from the beginning.
    let offset: Int

    /// Whether it is this word of the language, not a text in quotes.
    func isWord(_ word: String) -> Bool {
        kind == .word && text == word
    }

    /// Whether it is this sign.
    func isSign(_ sign: String) -> Bool {
        kind == .sign && text == sign
    }
}

/// Cuts a rule's text form into tokens, one at a time.
struct RuleScanner {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    /// Where the last token ended.
    private(set) var lastEnd = 0

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    /// The next token; at the end of the text, for ever the end.
    mutating func next() throws(RuleError) -> RuleToken {
        while position < scalars.count, scalars[position].properties.isWhitespace { position += 1 }
        guard position < scalars.count else { return RuleToken(kind: .end, text: "", offset: lastEnd) }
        let start = position
        let token: RuleToken
        if scalars[start] == "\"" {
            token = RuleToken(kind: .quoted, text: try quoted(), offset: start)
        } else if scalars[start].isWordPart {
            while position < scalars.count, scalars[position].isWordPart { position += 1 }
            token = RuleToken(kind: .word, text: text(start..<position), offset: start)
        } else {
            position += 1
            if "<>=".unicodeScalars.contains(scalars[start]), position < scalars.count, scalars[position] == "=" {
                position += 1
            }
            token = RuleToken(kind: .sign, text: text(start..<position), offset: start)
        }
        lastEnd = position
        return token
    }

    /// An error at a place of the text.
    func error(_ code: String, _ message: String, at offset: Int) -> RuleError {
        let place = place(of: offset)
        return RuleError(code: code, message: message, line: place.line, column: place.column)
    }

    /// Line and column, both counted from 1; columns are characters.
    func place(of offset: Int) -> (line: Int, column: Int) {
        let before = scalars[..<min(offset, scalars.count)]
        let lineStart = before.lastIndex(of: "\n").map { $0 + 1 } ?? 0
        let line = before.count { $0 == "\n" } + 1
        return (line, text(lineStart..<before.endIndex).count + 1)
    }

    private mutating func quoted() throws(RuleError) -> String {
        let start = position
        position += 1
        var text = String.UnicodeScalarView()
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            if scalar == "\"" { return String(text) }
            if scalar == "\\" {
                guard position < scalars.count else { break }
                guard scalars[position] == "\"" || scalars[position] == "\\" else {
                    throw error("syntax", "expected \\\" or \\\\ after a backslash", at: position)
                }
                text.append(scalars[position])
                position += 1
            } else {
                text.append(scalar)
            }
        }
        throw error("syntax", "expected a closing \" for the text that begins here", at: start)
    }

    private func text(_ range: Range<Int>) -> String {
        String(String.UnicodeScalarView(scalars[range]))
    }
}

extension Unicode.Scalar {
    /// Whether it may be part of a bare word: `[\p{L}\p{N}_.$!/:-]`.
    var isWordPart: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "$", "!", "/", ":", "-": return true
        default: break
        }
        guard !isASCII else { return false }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber:
            return true
        default: return false
        }
    }
}

extension String {
    /// This value as the text form writes it: bare where it is a word, otherwise in quotes.
    var asValue: String {
        !isEmpty && unicodeScalars.allSatisfy(\.isWordPart) ? self : quoted
    }

    /// This text in quotes.
    var quoted: String {
        var text = "\""
        for scalar in unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        return text + "\""
    }
}

extension Sequence<String> {
    /// These values as a list of the text form.
    var asValues: String {
        map(\.asValue).joined(separator: ", ")
    }
}
