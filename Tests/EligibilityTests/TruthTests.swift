import Eligibility
import Testing

@Suite struct TruthTests {
    @Test(arguments: [
        // left, right, and, or: PostgreSQL 15's answers.
        (Truth.true, Truth.true, Truth.true, Truth.true), (.true, .unknown, .unknown, .true),
        (.true, .false, .false, .true), (.unknown, .unknown, .unknown, .unknown),
        (.unknown, .false, .false, .unknown), (.false, .false, .false, .false),
    ])
    func combinesAsSQLDoes(left: Truth, right: Truth, and: Truth, or: Truth) {
        #expect(left.and(right) == and)
        #expect(right.and(left) == and)
        #expect(left.or(right) == or)
        #expect(right.or(left) == or)
    }

    @Test(arguments: [(Truth.true, Truth.false), (.false, .true), (.unknown, .unknown)])
    func negatesAsSQLDoes(truth: Truth, negated: Truth) {
        #expect(truth.negated == negated)
    }
}
