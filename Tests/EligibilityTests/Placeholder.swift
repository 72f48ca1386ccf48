enum PlaceholderTestEligibility {}
