// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

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
        .target(
            name: "Postgres",
            dependencies: [
                "CLibPQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
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
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Perks",
            dependencies: [
                "Eligibility", "Postgres", "Schema",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PerksServer",
            dependencies: [
                "Perks",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "PerksCLI",
            dependencies: [
                "Perks", "PerksServer", "Postgres",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
        .target(name: "TestDatabase", dependencies: ["Postgres"], path: "Tests/TestDatabase", swiftSettings: settings),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestDatabase"], swiftSettings: settings),
        .testTarget(name: "EligibilityTests", dependencies: ["Eligibility"], swiftSettings: settings),
        .testTarget(
            name: "PerksTests",
            dependencies: [
                "Eligibility", "Perks", "Postgres", "Schema", "TestDatabase",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PerksServerTests",
            dependencies: [
                "PerksServer", "TestDatabase",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "PerksCLI", "TestDatabase",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: settings
        ),
    ]
)
