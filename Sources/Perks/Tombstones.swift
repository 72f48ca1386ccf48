import Postgres

/// The keyed hashes of those who are to be left out, in the transaction that leaves them out.
struct Tombstones {
    private let hasher: IdentityHasher
    private let now: Timestamp

    init(at now: Timestamp, in connection: isolated Connection) throws {
        hasher = try IdentityHasher(in: connection, at: now)
        self.now = now
    }

    /// Remembers that an identity is to be left out, once everybody who just missed it has committed.
    func write(_ key: IdentityKey, in connection: isolated Connection) throws {
        try connection.query("select pg_advisory_xact_lock(tombstone_lock())")
        try connection.execute(
            """
            insert into tombstone (identity_hash, created_at) values (\(hasher.hash(key)), \(now))
            on conflict on constraint tombstone_pkey do nothing
            """)
    }

    /// The same for every identity of a guest, who is locked for change.
    func writeAll(of guest: ID<Guest>, in connection: isolated Connection) throws {
        let rows = try connection.query("select network, handle_key from identity where guest_id = \(guest)")
        for row in rows {
            guard let key = IdentityKey(network: try row["network"], handle: try row["handle_key"]) else { continue }
            try write(key, in: connection)
        }
    }

    /// Whether an identity is to be left out; holds off, until commit, whoever would leave it out from now on.
    func cover(_ key: IdentityKey, in connection: isolated Connection) throws -> Bool {
        try connection.query("select pg_advisory_xact_lock_shared(tombstone_lock())")
        let hashes: Query = "\(hasher.hash(key)), \(hasher.olderHash(key))"
        return try !connection.query("select from tombstone where identity_hash in (\(fragment: hashes))").isEmpty
    }
}
