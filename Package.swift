// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// Warnings are errors, imports are internal unless said otherwise, and an existential is spelled `any`.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")

let package = Package(
    name: "carekeep",
    products: [
        .executable(name: "carekeep", targets: ["carekeep"])
    ],
    dependencies: [
        // Each line has its reason in docs/dependencies.md.
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPango", pkgConfig: "pangocairo", providers: [.apt(["libpango1.0-dev"])]),
        .systemLibrary(name: "CQRencode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CBcrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),

        .target(name: "Care", swiftSettings: strict),
        .target(name: "FHIR", swiftSettings: strict),
        .target(name: "Paper", dependencies: ["CPango"], swiftSettings: strict),
        .target(
            name: "Database",
            path: "database",
            exclude: ["README.md"],
            sources: ["Database.swift"],
            resources: [.copy("records"), .copy("keys")],
            swiftSettings: strict
        ),
        .target(name: "Postgres", dependencies: ["CPostgres"], swiftSettings: strict),
        .target(name: "Seals", dependencies: ["Care", "Postgres", crypto, cryptoExtras], swiftSettings: strict),
        .target(name: "Trail", dependencies: ["Care", "Postgres", "Seals"], swiftSettings: strict),
        .target(
            name: "People",
            dependencies: ["CBcrypt", "Care", "FHIR", "Postgres", "Seals", "Trail"],
            swiftSettings: strict
        ),
        .target(
            name: "Records",
            dependencies: ["Care", "FHIR", "Postgres", "Seals", "Trail", "People"],
            swiftSettings: strict
        ),
        .target(
            name: "Assurance",
            dependencies: ["Care", "FHIR", "Paper", "Postgres", "Seals", "Trail", "People", "Records"],
            resources: [
                .copy("Promises/catalogue"), .copy("Packs/frameworks"), .copy("Packs/questionnaire.txt"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Portal",
            dependencies: [
                "CCurl", "CQRencode", "Care", "FHIR", "Postgres", "Seals", "Trail", "People", "Records", "Assurance",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(name: "Synthetic", dependencies: ["FHIR"], swiftSettings: strict),
        .target(
            name: "CarekeepTesting",
            dependencies: [
                "Assurance", "Care", "Database", "FHIR", "People", "Postgres", "Records", "Seals", "Trail",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "carekeep",
            dependencies: [
                "CLinux", "Care", "FHIR", "Database", "Paper", "Postgres", "Seals", "Trail", "People", "Records",
                "Assurance",
                "Portal",
                "Synthetic",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                crypto,
            ],
            swiftSettings: strict
        ),

        .testTarget(name: "FHIRTests", dependencies: ["FHIR"], swiftSettings: strict),
        .testTarget(name: "SyntheticTests", dependencies: ["FHIR", "Synthetic"], swiftSettings: strict),
        .testTarget(name: "PostgresTests", dependencies: ["CPostgres", "Postgres"], swiftSettings: strict),
        .testTarget(
            name: "SealsTests",
            dependencies: ["Care", "Database", "Postgres", "Seals", crypto, cryptoExtras],
            swiftSettings: strict
        ),
        .testTarget(name: "PagesTests", dependencies: ["FHIR", "Portal", "Seals"], swiftSettings: strict),
        .testTarget(
            name: "PortalTests",
            dependencies: [
                "Assurance", "CCurl", "Care", "CarekeepTesting", "People", "Portal", "Postgres", "Seals", "Trail",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PlatformTests",
            dependencies: [
                "Assurance", "carekeep", "Portal", "Postgres", "Seals", crypto,
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AssuranceTests",
            dependencies: [
                "Assurance", "Care", "CarekeepTesting", "FHIR", "Paper", "People", "Postgres", "Records", "Seals",
                "Trail",
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "PaperTests", dependencies: ["Paper"], swiftSettings: strict),
        .testTarget(
            name: "PeopleTests",
            dependencies: [
                "Assurance", "Care", "CarekeepTesting", "FHIR", "People", "Postgres", "Seals", "Trail", crypto,
                cryptoExtras,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RecordsTests",
            dependencies: [
                "Assurance", "Care", "CarekeepTesting", "FHIR", "People", "Postgres", "Records", "Seals", "Trail",
            ],
            swiftSettings: strict
        ),
    ]
)
