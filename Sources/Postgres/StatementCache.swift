/// The statements that a connection has prepared, a bounded number of them.
struct StatementCache {
    /// What a statement is found by: the same SQL with parameters of other types is another statement.
    struct Key: Hashable {
        var sql: String
        var types: [UInt32]
    }

    /// A prepared statement.
    struct Statement {
        let name: String
        /// What its rows look like, once that is known.
        var columns: Columns?
        fileprivate var lastUse = 0
    }

    private var statements: [Key: Statement] = [:]
    private var uses = 0
    private var names = 0
    private let capacity: Int
    /// Statements that the server still holds and nobody needs.
    private(set) var abandoned: [String] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The statement that was prepared for `key`.
    mutating func find(_ key: Key) -> Statement? {
        uses += 1
        statements[key]?.lastUse = uses
        return statements[key]
    }

    /// A name that no statement has had.
    mutating func newName() -> String {
        names += 1
        return "s\(names)"
    }

    /// Keeps a statement, at the cost of the one that has not been used for longest.
    mutating func insert(_ name: String, for key: Key) {
        if statements.count >= capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            abandon(oldest.key)
        }
        uses += 1
        statements[key] = Statement(name: name, columns: nil, lastUse: uses)
    }

    /// Remembers what the rows of a statement look like.
    mutating func learn(_ columns: Columns, of key: Key) {
        statements[key]?.columns = columns
    }

    /// Takes a statement out of use; the server is told later.
    mutating func abandon(_ key: Key) {
        if let statement = statements.removeValue(forKey: key) { abandoned.append(statement.name) }
    }

    /// Notes that the server has been told of the abandoned ones.
    mutating func forgetAbandoned() {
        abandoned.removeAll()
    }

    /// Notes that the server holds none any longer.
    mutating func forgetAll() {
        statements.removeAll()
        abandoned.removeAll()
    }
}
