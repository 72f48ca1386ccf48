/// The spaces of advisory locks that are named by two numbers: what is locked, and whose.
///
/// Those of a brand's catalogue are named by one number, and collide with none of these.
enum LockSpace: Int {
    /// What a guest claims, one transaction at a time.
    case claims = 1
    /// The clicks of a brand, one batch at a time.
    case clicks = 2
    /// Who led whom in a campaign, one transaction at a time.
    case referrals = 3
}
