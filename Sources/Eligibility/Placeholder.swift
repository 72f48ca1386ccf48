enum PlaceholderEligibility {}
