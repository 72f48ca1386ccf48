import Foundation
import Perks

/// What the flags of a command state, as the JSON that the API takes; validated by the API's own schemas.
struct Fields {
    private var members: [String: JSONValue] = [:]

    mutating func set(_ name: String, _ text: String?) {
        if let text { members[name] = .string(text) }
    }

    mutating func set(_ name: String, _ number: Int?) {
        if let number { members[name] = .number(Decimal(number)) }
    }

    mutating func set(_ name: String, _ flag: Bool?) {
        if let flag { members[name] = .bool(flag) }
    }

    mutating func set(_ name: String, _ value: JSONValue?) {
        if let value { members[name] = value }
    }

    /// Sets a list, unless the flag was not given at all.
    mutating func set(_ name: String, _ texts: [String]) {
        if !texts.isEmpty { members[name] = .array(texts.map(JSONValue.string)) }
    }

    /// Sets an order, written as a reference or as reference:amount:currency.
    mutating func setOrder(_ text: String?) {
        guard let text else { return }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var order: [String: JSONValue] = ["reference": .string(text)]
        // A reference may have colons of its own: only what ends like an amount is one.
        if parts.count >= 3, let amount = Int(parts[parts.count - 2]) {
            order["reference"] = .string(parts.dropLast(2).joined(separator: ":"))
            order["amount"] = .number(Decimal(amount))
            order["currency"] = .string(parts[parts.count - 1])
        }
        set("order", .object(order))
    }

    /// States that these are to be taken away.
    ///
    /// - Parameter flags: the names of options without their dashes.
    mutating func clear(_ flags: [String]) {
        for flag in flags {
            let name = Fields.flags.first { $0.value == "--\(flag)" }?.key ?? flag.replacing("-", with: "_")
            members[name] = .null
            if name == "rule_text" { members["rule"] = .null }
        }
    }

    /// States of an object that is set that these of its members, unless they are set, are to be taken away.
    mutating func withdraw(_ names: [String], from object: String) {
        guard case .object(let set)? = members[object] else { return }
        let withdrawn = Dictionary(uniqueKeysWithValues: names.map { ($0, JSONValue.null) })
        members[object] = .object(withdrawn.merging(set) { _, set in set })
    }

    /// The request they amount to; throws `invalid_request` with every fault's place.
    func request<Request: Described & Decodable>(_ type: Request.Type = Request.self) throws -> Request {
        try Request(validating: .object(members))
    }

    /// The merge patch they amount to; throws `invalid_request` when there is nothing in it.
    func patch() throws -> JSONValue {
        guard !members.isEmpty else {
            throw PerksError(.invalidRequest, "There is nothing to change: give at least one of the options.")
        }
        return .object(members)
    }

    /// The flag or argument that a pointer into a request stands for, where it has a name of its own.
    private static let flags = [
        "slug": "<slug>", "rule_text": "--rule", "starts_at": "--starts", "ends_at": "--ends", "venues": "--venue",
        "guest": "<guest>", "perk": "<perk>", "campaign": "<campaign>", "identity": "<guest>",
        "expires_at": "--expires",
        "require_id": "--require-id",
    ]

    /// What a violation is about, as the person at the terminal knows it.
    static func place(of pointer: String) -> String {
        guard pointer.hasPrefix("/"), let first = pointer.split(separator: "/").first else {
            // The name of a parameter, or the line of a file.
            let isName = !pointer.isEmpty && pointer.allSatisfy { $0.isLowercase || $0 == "_" }
            return isName ? "--" + pointer.replacing("_", with: "-") : pointer
        }
        let name = String(first)
        // Within a rule, or the facts it is tested on, the rest of the pointer says where.
        if name == "rule" || name == "facts" {
            let rest = pointer.dropFirst(name.count + 1)
            return "--\(name)" + (rest.isEmpty ? "" : " \(rest)")
        }
        return flags[name] ?? "--" + name.replacing("_", with: "-")
    }
}
