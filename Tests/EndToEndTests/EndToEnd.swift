import Testing

/// Tests of the program as people and machines meet it: its real binary, on a real PostgreSQL.
///
/// One at a time, for each starts processes of its own.
@Suite(.serialized, .timeLimit(.minutes(30)))
enum EndToEnd {}
