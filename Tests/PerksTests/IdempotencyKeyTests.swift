import Perks
import Testing

@Suite struct IdempotencyKeyTests {
    @Test(arguments: [
        ("order-1001", "order-1001"), ("\"order-1001\"", "order-1001"), ("a", "a"), ("\"a\"", "a"), ("!", "!"),
        ("~", "~"),
        ("{\"a\":1}", "{\"a\":1}"), ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (String(repeating: "k", count: 255), String(repeating: "k", count: 255)),
        ("\"" + String(repeating: "k", count: 255) + "\"", String(repeating: "k", count: 255)),
    ])
    func keysAreTakenBareOrQuoted(text: String, key: String) {
        #expect(IdempotencyKey(text)?.text == key)
    }

    @Test(arguments: [
        "", "\"\"", " ", "\" \"", "a b", " a", "a ", "a\tb", "a\n", "a\r\n", "\u{0}", "\u{7F}", "é", "a\u{301}",
        "\"é\"", "🎰",
        String(repeating: "k", count: 256), "\"" + String(repeating: "k", count: 256) + "\"",
    ])
    func otherTextIsRefused(text: String) {
        #expect(IdempotencyKey(text) == nil)
    }

    @Test func quotedAndBareAreTheSameKey() {
        #expect(IdempotencyKey("\"order-1001\"") == IdempotencyKey("order-1001"))
        #expect(IdempotencyKey("order-1001") != IdempotencyKey("Order-1001"))
    }
}
