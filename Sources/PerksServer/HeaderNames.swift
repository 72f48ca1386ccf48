import HTTPTypes

extension HTTPField.Name {
    static let requestID = known("X-Request-Id")
    static let traceParent = known("Traceparent")
    /// The slug of the brand that an operator acts for.
    static let brand = known("Perks-Brand")
    static let idempotencyKey = known("Idempotency-Key")
    static let idempotentReplayed = known("Idempotent-Replayed")
    static let link = known("Link")
    static let robotsTag = known("X-Robots-Tag")
    static let forwardedFor = known("X-Forwarded-For")
    /// What a program says that it wants a page for.
    static let purpose = known("Purpose")
    static let secPurpose = known("Sec-Purpose")
    static let ownPurpose = known("X-Purpose")
    static let mozillaPurpose = known("X-Moz")
    static let contentTypeOptions = known("X-Content-Type-Options")
    static let referrerPolicy = known("Referrer-Policy")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a header") }
        return name
    }
}
