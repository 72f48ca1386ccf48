/// The name of a member of a rule's JSON object.
struct MemberName: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// Reads the members of a leaf's JSON object and refuses whatever was not asked for.
struct LeafMembers {
    private let container: KeyedDecodingContainer<MemberName>
    private let pointer: String
    private var asked: [String] = []

    init(_ container: KeyedDecodingContainer<MemberName>, pointer: String) {
        self.container = container
        self.pointer = pointer
    }

    /// A number in the unit's integers, or nil when the member is absent.
    mutating func number(_ name: String, _ unit: NumberUnit) throws(RuleError) -> Int? {
        guard ask(name) else { return nil }
        let key = MemberName(name)
        let result: Result<Int, NumberUnit.Misread>
        if let whole = try? container.decode(Int.self, forKey: key) {
            if whole.magnitude >= UInt(NumberUnit.limit) {
                result = .failure(.tooLarge)
            } else {
                result = .success(unit == .hundredths ? whole * 100 : whole)
            }
        } else if let fraction = try? container.decode(Double.self, forKey: key) {
            result = unit.read(fraction)
        } else {
            result = .failure(.notANumber)
        }
        switch result {
        case .success(let number): return number
        case .failure(let misread): throw refusal(name, misread.code, "`\(name)` must be \(misread.expectation).")
        }
    }

    /// A text, or nil when the member is absent.
    mutating func text(_ name: String) throws(RuleError) -> String? {
        guard ask(name) else { return nil }
        guard let text = try? container.decode(String.self, forKey: MemberName(name)) else {
            throw refusal(name, "text_expected", "`\(name)` must be a text in quotes.")
        }
        return text
    }

    /// True or false, or nil when the member is absent.
    mutating func flag(_ name: String) throws(RuleError) -> Bool? {
        guard ask(name) else { return nil }
        guard let flag = try? container.decode(Bool.self, forKey: MemberName(name)) else {
            throw refusal(name, "boolean_expected", "`\(name)` must be true or false.")
        }
        return flag
    }

    /// A list of texts, or nil when the member is absent.
    mutating func texts(_ name: String) throws(RuleError) -> [String]? {
        guard ask(name) else { return nil }
        guard var list = try? container.nestedUnkeyedContainer(forKey: MemberName(name)) else {
            throw refusal(name, "list_expected", "`\(name)` must be a list of texts.")
        }
        var texts: [String] = []
        while !list.isAtEnd {
            guard texts.count < Rule.valueLimit else { throw RuleError.tooManyValues(pointer.pointer(to: name)) }
            guard let text = try? list.decode(String.self) else {
                throw refusal("\(name)/\(texts.count)", "text_expected", "Every value of `\(name)` must be a text.")
            }
            texts.append(text)
        }
        return texts
    }

    /// The list `in`, which has to be there.
    mutating func list() throws(RuleError) -> [String] {
        guard let values = try texts("in") else {
            throw refusal("", "member_missing", "Give the values as a list, `in`.")
        }
        return values
    }

    /// Refuses the first member that nobody asked for.
    func finish() throws(RuleError) {
        let others = container.allKeys.map(\.stringValue).filter { !asked.contains($0) }.sorted()
        guard let other = others.first else { return }
        let known = asked.joined(separator: ", ")
        throw RuleError(
            code: "unknown_member",
            message: "`\(other.shortened)` is not known here; use \(known).",
            pointer: pointer.pointer(to: other))
    }

    /// The refusal of one member; an empty name means the leaf itself.
    func refusal(_ name: String, _ code: String, _ message: String) -> RuleError {
        RuleError(code: code, message: message, pointer: name.isEmpty ? pointer : "\(pointer)/\(name)")
    }

    private mutating func ask(_ name: String) -> Bool {
        asked.append(name)
        return container.contains(MemberName(name))
    }
}

/// The members of a leaf's JSON object, to be written.
typealias LeafWriter = KeyedEncodingContainer<MemberName>

extension LeafWriter {
    /// Writes 60 or 58.24; nothing for nil.
    mutating func write(_ number: Int?, _ unit: NumberUnit, _ name: String) throws {
        guard let number else { return }
        if unit == .whole || number % 100 == 0 {
            try encode(unit == .whole ? number : number / 100, forKey: MemberName(name))
        } else {
            try encode(Double(number) / 100, forKey: MemberName(name))
        }
    }
}
