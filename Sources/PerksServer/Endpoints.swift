/// The one list of endpoints.
package enum Endpoints {
    /// Every route of the server, noun by noun.
    package static let all: [Endpoint] =
        ServiceRoutes.endpoints + BrandRoutes.endpoints + VenueRoutes.endpoints + KeyRoutes.endpoints
        + AuditEventRoutes.endpoints + TopicRoutes.endpoints + GuestRoutes.endpoints + OptOutRoutes.endpoints
        + MemberRoutes.endpoints + SegmentRoutes.endpoints + AudienceRoutes.endpoints
        + CampaignRoutes.endpoints + PerkRoutes.endpoints + CodeRoutes.endpoints + CheckInRoutes.endpoints
        + HoldRoutes.endpoints + RedemptionRoutes.endpoints + ShareRoutes.endpoints + LinkRoutes.endpoints
        + ConversionRoutes.endpoints + ReportRoutes.endpoints
}
