import Foundation

extension IdentityKey {
    /// The mailbox behind an address in lower case: without a tag (`ana+vegas@…`), and at Gmail, which ignores dots and has
    /// two names, without dots and under one name.
    ///
    /// What is no address, or is quoted, stays as it is; so does what would leave no name before the @.
    static func mailbox(of address: String) -> String {
        guard let at = address.utf8.lastIndex(of: UInt8(ascii: "@")) else { return address }
        let domain = address[address.utf8.index(after: at)...]
        let isGmail = domain == "gmail.com" || domain == "googlemail.com"
        var local = String(address[..<at])
        if local.utf8.first != UInt8(ascii: "\"") {
            local = taking(local, String(local.unicodeScalars.prefix { $0 != "+" }))
            if isGmail {
                local = taking(local, String(String.UnicodeScalarView(local.unicodeScalars.filter { $0 != "." })))
            }
        }
        return "\(local)@\(isGmail ? "gmail.com" : domain)".precomposedStringWithCanonicalMapping
    }

    /// The shorter name, unless it is none.
    private static func taking(_ name: String, _ shorter: String) -> String {
        guard let first = shorter.unicodeScalars.first, first != "@", !first.properties.isWhitespace else {
            return name
        }
        return shorter
    }
}
