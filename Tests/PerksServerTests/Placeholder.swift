enum PlaceholderTestPerksServer {}
