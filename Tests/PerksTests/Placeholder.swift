enum PlaceholderTestPerks {}
