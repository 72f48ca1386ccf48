enum PlaceholderDB {}
