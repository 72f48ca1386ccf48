// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A module of another package.
func product(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package)
}

let crypto = product("Crypto", "swift-crypto")
let httpClient = product("AsyncHTTPClient", "async-http-client")
let httpTypes = product("HTTPTypes", "swift-http-types")
let logging = product("Logging", "swift-log")
let nioCore = product("NIOCore", "swift-nio")
let nioHTTP1 = product("NIOHTTP1", "swift-nio")
let serviceLifecycle = product("ServiceLifecycle", "swift-service-lifecycle")

let package = Package(
    name: "perks",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "perks", targets: ["PerksCLI"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibPQ",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev", "pkg-config"]), .brew(["libpq"])]
        ),
        .target(name: "Postgres", dependencies: ["CLibPQ", logging, serviceLifecycle], swiftSettings: settings),
        .target(name: "Eligibility", swiftSettings: settings),
        .target(
            name: "Schema",
            path: "sql",
            resources: [
                .embedInCode("roles.sql"),
                .embedInCode("V0001__brands.sql"),
                .embedInCode("V0002__topics.sql"),
                .embedInCode("V0003__guests.sql"),
                .embedInCode("V0004__jurisdictions.sql"),
                .embedInCode("V0005__campaigns.sql"),
                .embedInCode("V0006__check_ins.sql"),
                .embedInCode("V0007__claims.sql"),
                .embedInCode("V0008__segments.sql"),
                .embedInCode("V0009__people.sql"),
                .embedInCode("V0010__idempotency.sql"),
                .embedInCode("V0011__codes.sql"),
                .embedInCode("V0012__holds.sql"),
                .embedInCode("V0013__address_aliases.sql"),
                .embedInCode("V0014__shares.sql"),
                .embedInCode("V0015__clicks.sql"),
                .embedInCode("V0016__conversions.sql"),
                .embedInCode("V0017__word_of_mouth_of_people.sql"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Perks",
            dependencies: ["Eligibility", "Postgres", "Schema", crypto, logging],
            swiftSettings: settings
        ),
        .target(
            name: "PerksServer",
            dependencies: [
                "Eligibility", "Perks", "Postgres", crypto, httpTypes, logging, nioCore, nioHTTP1, serviceLifecycle,
                product("Hummingbird", "hummingbird"),
                product("HummingbirdCore", "hummingbird"),
                product("NIOHTTPTypes", "swift-nio-extras"),
                product("UnixSignals", "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "PerksCLI",
            dependencies: [
                "Perks", "PerksServer", "Postgres", logging,
                product("ArgumentParser", "swift-argument-parser"),
                product("Yams", "Yams"),
            ],
            swiftSettings: settings
        ),
        .target(name: "TestDatabase", dependencies: ["Postgres"], path: "Tests/TestDatabase", swiftSettings: settings),
        .testTarget(
            name: "PostgresTests",
            dependencies: ["Postgres", "TestDatabase", logging, serviceLifecycle],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "RuleBenchmark",
            dependencies: ["Eligibility"],
            path: "Tests/RuleBenchmark",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "Torture",
            dependencies: [
                "Perks", "Postgres", "TestDatabase", httpClient, logging, nioCore, nioHTTP1,
                product("ArgumentParser", "swift-argument-parser"),
            ],
            path: "Tests/Torture",
            swiftSettings: settings
        ),
        .executableTarget(name: "DeskBenchmark", path: "Tests/DeskBenchmark", swiftSettings: settings),
        .testTarget(name: "EligibilityTests", dependencies: ["Eligibility"], swiftSettings: settings),
        .testTarget(
            name: "PerksTests",
            dependencies: ["Eligibility", "Perks", "Postgres", "Schema", "TestDatabase", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PerksServerTests",
            dependencies: [
                "Perks", "PerksServer", "Postgres", "TestDatabase", httpClient, httpTypes, logging, nioCore, nioHTTP1,
                serviceLifecycle,
                product("Hummingbird", "hummingbird"),
                product("NIOPosix", "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Perks", "PerksCLI", "Postgres", "TestDatabase", httpClient, logging, nioCore, nioHTTP1],
            swiftSettings: settings
        ),
    ]
)
