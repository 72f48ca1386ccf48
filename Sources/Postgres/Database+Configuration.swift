extension Database {
    /// Where the database is and how patient to be with it.
    package struct Configuration: Sendable {
        /// An address, `postgres://user@host:5432/name`, or libpq's keywords; several hosts and `target_session_attrs` too.
        package var url: String
        /// The role that every connection takes on with `set role`.
        package var role: String?
        /// The name that PostgreSQL shows for the connections, unless the address has one.
        package var applicationName: String
        /// How many connections there are at most; one for each subscription to notifications comes on top.
        package var maximumConnections: Int
        /// How long a caller waits for a connection.
        package var acquireTimeout: Duration
        /// How long one host may take to accept a connection; libpq makes whole seconds of it, at least 2.
        package var connectTimeout: Duration
        /// How long a statement may take; zero for no limit, which also waits for ever for a server that froze.
        package var statementTimeout: Duration
        /// How long a statement waits for a lock.
        package var lockTimeout: Duration
        /// How long a transaction may do nothing before the server ends it.
        package var idleInTransactionTimeout: Duration
        /// How long a statement before and after a copy may take.
        package var bulkTimeout: Duration
        /// How much longer than the server's limit an answer is waited for, before the connection is given up.
        package var answerMargin: Duration
        /// How long a connection is used, give or take a fifth, before another replaces it.
        package var connectionLifetime: Duration
        /// How many prepared statements a connection keeps.
        package var maximumStatements: Int

        package init(
            url: String,
            role: String? = nil,
            applicationName: String = "",
            maximumConnections: Int = 8,
            acquireTimeout: Duration = .seconds(5),
            connectTimeout: Duration = .seconds(5),
            statementTimeout: Duration = .seconds(30),
            lockTimeout: Duration = .seconds(5),
            idleInTransactionTimeout: Duration = .seconds(60),
            bulkTimeout: Duration = .seconds(900),
            answerMargin: Duration = .seconds(2),
            connectionLifetime: Duration = .seconds(3600),
            maximumStatements: Int = 256
        ) {
            self.url = url
            self.role = role
            self.applicationName = applicationName
            self.maximumConnections = max(1, maximumConnections)
            self.acquireTimeout = acquireTimeout
            self.connectTimeout = connectTimeout
            self.statementTimeout = statementTimeout
            self.lockTimeout = lockTimeout
            self.idleInTransactionTimeout = idleInTransactionTimeout
            self.bulkTimeout = bulkTimeout
            self.answerMargin = answerMargin
            self.connectionLifetime = connectionLifetime
            self.maximumStatements = max(1, maximumStatements)
        }

        /// What is sent to the server first.
        var sessionSettings: String {
            var settings = """
                set statement_timeout = \(statementTimeout.wholeMilliseconds);
                set lock_timeout = \(lockTimeout.wholeMilliseconds);
                set idle_in_transaction_session_timeout = \(idleInTransactionTimeout.wholeMilliseconds);
                set timezone = 'UTC';
                set jit = off;
                """
            if let role { settings += "set role \(Query.quoted(identifier: role))" }
            return settings
        }
    }
}

extension Database.Configuration: CustomStringConvertible {
    /// The role alone: the address may hold a password.
    package var description: String { "Database.Configuration(role: \(role ?? "none"))" }
}
