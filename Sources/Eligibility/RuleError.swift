/// Why a rule was refused, and where in it.
package struct RuleError: Error, Hashable, Sendable {
    /// Stable, in snake_case.
    package var code: String
    /// What is wrong and what to do about it.
    package var message: String
    /// Counted from 1, in the text form only.
    package var line: Int?
    /// Counted from 1 in characters, in the text form only.
    package var column: Int?
    /// The place in the JSON form, from the rule's root: `/all/1/age/min`; empty for the whole rule.
    package var pointer: String

    /// A refusal with its place.
    package init(code: String, message: String, line: Int? = nil, column: Int? = nil, pointer: String = "") {
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.pointer = pointer
    }

    /// The same refusal, its place prefixed by that of the rule it is part of.
    package func under(_ prefix: String) -> RuleError {
        var error = self
        error.pointer = prefix + pointer
        return error
    }
}

extension RuleError: CustomStringConvertible {
    /// The place, if there is one, and the message.
    package var description: String {
        if let line, let column { return "line \(line), column \(column): \(message)" }
        return pointer.isEmpty ? message : "\(pointer): \(message)"
    }
}

extension String {
    /// This pointer, one member further down.
    func pointer(to member: String) -> String {
        var escaped = ""
        for scalar in member.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return self + "/" + escaped
    }

    /// At most forty characters of this text, for a message.
    var shortened: String {
        unicodeScalars.count > 40 ? String(String.UnicodeScalarView(unicodeScalars.prefix(40))) + "…" : self
    }
}
