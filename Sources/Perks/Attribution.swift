/// How the credit for a conversion is shared among the touches that led to it; the SQL function `touch_credit` does it.
package enum Attribution: String, Codable, CaseIterable, Sendable {
    /// All to the last touch.
    case last
    /// All to the first touch.
    case first
    /// The same to each.
    case linear
    /// 40 % to the first and to the last, 20 % to those between; of two half to each.
    case position

    /// The basis points that the touches of one conversion share.
    package static let whole = 10_000
}
