import Postgres

/// That one guest is said to have led another to convert.
struct Referral {
    let guest: ID<Guest>
    let sharer: ID<Guest>
    let campaign: ID<Campaign>

    init(of guest: ID<Guest>, by sharer: ID<Guest>, in campaign: ID<Campaign>) {
        self.guest = guest
        self.sharer = sharer
        self.campaign = campaign
    }

    /// Throws `self_referral`, or `referral_loop` when the guest has led the sharer here, step by step.
    ///
    /// The campaign's referrals must be locked; `others` are those that this transaction has yet to write.
    func check(besides others: [Referral] = [], in connection: isolated Connection) throws {
        guard guest != sharer else { throw Referral.ofOneself }
        let others = others.filter { $0.campaign == campaign }
        let isLoop: Bool = try connection.query(
            """
            select has_led_to(
                \(guest), \(sharer), \(campaign), \(others.map(\.guest)), \(others.map(\.sharer))) as is_loop
            """)[0]["is_loop"]
        guard !isLoop else {
            throw PerksError(
                .referralLoop,
                "This guest has led the sharer here: neither can lead the other in turn. Leave the share out.")
        }
    }

    /// Lets one transaction at a time note who led whom in a campaign, so that two who name each other are noticed.
    static func lock(_ campaign: ID<Campaign>, in connection: isolated Connection) throws {
        try connection.query(
            "select pg_advisory_xact_lock(\(LockSpace.referrals.rawValue)::int, \(campaign.uuid.lockNumber)::int)")
    }

    static var ofOneself: PerksError {
        PerksError(.selfReferral, "Nobody can lead themselves here. Leave the share out.")
    }
}
