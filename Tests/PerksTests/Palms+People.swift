import Perks
import Postgres
import Testing

extension Palms {
    /// What the platform knows of a guest.
    func guest(_ reference: String, as principal: Principal? = nil) async throws -> Guest {
        let (reference, principal) = (try GuestReference(reference), principal ?? platform)
        return try await backend.transaction(as: principal) { connection in
            try Guest.find(reference, as: principal, in: connection)
        }
    }

    @discardableResult
    func join(
        _ identity: String, to guest: String, verified: Bool? = nil, as principal: Principal? = nil
    ) async throws -> (guest: Guest, isNew: Bool) {
        let parts = identity.split(separator: ":", maxSplits: 1).map(String.init)
        let (reference, principal) = (try GuestReference(guest), principal ?? platform)
        return try await backend.transaction(as: principal) { connection in
            try Guest.join(
                .init(network: parts[0], handle: parts[1], verified: verified), to: reference, as: principal,
                at: Palms.now, in: connection)
        }
    }

    /// The same as a request with a key asks for it.
    func joinOnce(_ identity: String, to guest: String, key: String) async throws {
        let parts = identity.split(separator: ":", maxSplits: 1).map(String.init)
        let draft = Guest.IdentityDraft(network: parts[0], handle: parts[1])
        let (reference, request) = (try GuestReference(guest), try JSONValue(of: draft))
        let idempotency = try Idempotency(
            #require(IdempotencyKey(key)), "POST", "/v1/guests/\(guest)/identities", body: request)
        try await backend.transaction(as: platform) { [platform] connection in
            _ = try CreationAnswer.creating(
                by: request, idempotency, at: nil, as: platform, at: Palms.now, in: connection
            ) { try Guest.join(draft, to: reference, as: platform, at: Palms.now, in: connection).guest }
        }
    }

    func export(
        _ guest: String, limit: Int = Guest.exportLimit, as principal: Principal? = nil
    ) async throws -> Guest.Export {
        let (reference, principal) = (try GuestReference(guest), principal ?? platform)
        return try await backend.transaction(as: principal) { connection in
            try Guest.export(reference, listLimit: limit, as: principal, at: Palms.now, in: connection)
        }
    }

    func erase(_ guest: String, as principal: Principal? = nil) async throws {
        let (reference, principal) = (try GuestReference(guest), principal ?? platform)
        try await backend.transaction(as: principal) { connection in
            try Guest.erase(reference, as: principal, at: Palms.now, in: connection)
        }
    }

    @discardableResult
    func optOut(_ identity: String) async throws -> OptOut {
        try await backend.transaction(as: clerk) { [clerk] connection in
            try OptOut.create(.init(identity: identity), as: clerk, at: Palms.now, in: connection)
        }
    }

    @discardableResult
    func put(_ guest: String, _ draft: Member.Draft) async throws -> Member {
        let reference = try GuestReference(guest)
        return try await backend.transaction(as: owner) { [owner] connection in
            try Member.put(reference, draft, as: owner, at: Palms.now, in: connection).member
        }
    }

    func member(_ guest: String) async throws -> Member {
        let reference = try GuestReference(guest)
        return try await backend.transaction(as: owner) { [owner] connection in
            try Member.find(reference, as: owner, in: connection)
        }
    }

    func putSegment(_ slug: String) async throws {
        _ = try await backend.transaction(as: owner) { [owner] connection in
            try Segment.put(slug, .init(name: slug), as: owner, at: Palms.now, in: connection)
        }
    }
}

extension Connection {
    /// Asks again and again until the answer is yes.
    func spin(until isSo: (isolated Connection) throws -> Bool) throws {
        while try !isSo(self) {}
    }

    /// Whether somebody waits for a lock that this transaction holds.
    func isWaitedFor() throws -> Bool {
        try !query("select from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))").isEmpty
    }
}
