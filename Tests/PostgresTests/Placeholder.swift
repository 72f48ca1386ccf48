enum PlaceholderTestPostgres {}
