import FHIR
public import Foundation

/// What suites found that ran before a release was given out, and on which program: `release-results.json` beside it.
///
/// ```
/// {"form": "carekeep/release-results/v1", "sha256": "9f86…", "suites": [
///   {"suite": "fuzzing", "passed": true, "count": 41000000, "whole": true, "of": "inputs", "at": "2026-11-22T06:12:34Z"}]}
/// ```
///
/// It bears no signature: nothing that builds has a key. What ties it to a program is its hash alone, so it is worth what the place is
/// worth that both came from.
public struct ReleaseResults: Sendable, Equatable {
    /// One suite's end.
    public struct Suite: Sendable, Equatable {
        public let name: String
        public let hasPassed: Bool
        public let count: Int
        /// Whether all of it was run, and not what there was time for.
        public let isWhole: Bool
        /// What was counted: `inputs`.
        public let unit: String
        public let at: Date
    }

    /// Of the program that was tried, in hexadecimal digits.
    public let sha256: String
    public let suites: [Suite]

    /// `nil` for bytes that are not of this form.
    public init?(_ bytes: [UInt8]) {
        // What cannot be read says nothing.
        guard let file = try? JSON(parsing: bytes), file["form"]?.string == "carekeep/release-results/v1",
            let sha256 = file["sha256"]?.string, sha256.wholeMatch(of: /[0-9a-f]{64}/) != nil,
            let rows = file["suites"]?.array
        else { return nil }
        var suites: [Suite] = []
        for row in rows {
            guard let name = row["suite"]?.string, let hasPassed = row["passed"]?.bool,
                let count = row["count"]?.integer, count > 0 || !hasPassed, let isWhole = row["whole"]?.bool,
                let unit = row["of"]?.string, unit.wholeMatch(of: /[a-z ]{1,40}/) != nil,
                let at = row["at"]?.string.flatMap({ try? Date($0, strategy: .iso8601) })
            else { return nil }
            suites.append(Suite(name: name, hasPassed: hasPassed, count: count, isWhole: isWhole, unit: unit, at: at))
        }
        self.sha256 = sha256
        self.suites = suites
    }
}

/// What lies beside the program that runs.
public struct ReleaseFolder: Sendable {
    /// The bytes of `release-results.json`; `nil` where there is none.
    public var results: @Sendable () -> [UInt8]?
    /// The SHA-256 of the program that runs, in hexadecimal digits; `nil` if it cannot be read.
    public var sha256: @Sendable () -> String?

    /// Says how to look at each.
    public init(results: @escaping @Sendable () -> [UInt8]?, sha256: @escaping @Sendable () -> String?) {
        self.results = results
        self.sha256 = sha256
    }
}

/// Probes that read what suites found before the release was given out. GOV-8
extension Probe {
    static let mutants = ofRelease(.mutants, tries: "reads whether damage to the checks was noticed by the tests")
    static let databaseMutants = ofRelease(
        .databaseMutants,
        tries: "reads whether damage to the database's rules, rights and functions let somebody through unnoticed"
    )
    static let killRun = ofRelease(
        .killRun,
        tries: "reads whether anything was lost when server and databases were killed"
    )
    static let fuzzing = ofRelease(
        .fuzzing,
        tries: "reads whether made-up bytes broke a reader of other people's bytes"
    )

    private static func ofRelease(_ name: ProbeName, tries: String) -> Probe {
        Probe(
            name,
            .release,
            tries: tries,
            fresh: .seconds(400 * 86_400 - 3600),
            remedy: "Install a release whose suites passed, with its release-results.json beside the program."
        ) { ground in
            let folder = try ground.releaseFolder()
            guard let bytes = folder.results() else {
                throw ProbeTrouble.cannotBeTried("no results of suites lie beside this program")
            }
            guard let results = ReleaseResults(bytes) else {
                throw ProbeTrouble.controlFailed("release-results.json beside the program cannot be read")
            }
            guard let own = folder.sha256(), own == results.sha256 else {
                throw ProbeTrouble.cannotBeTried("the results that lie there are of another program than this one")
            }
            guard let suite = results.suites.last(where: { $0.name == name.rawValue }) else {
                throw ProbeTrouble.cannotBeTried("this suite was not run for this program")
            }
            let day = suite.at.formatted(.iso8601.year().month().day())
            let seen =
                "\(suite.count) \(suite.unit) on \(day), for the program with the SHA-256 \(own.prefix(16))…"
            guard suite.hasPassed else { return .fallsShort("The suite did not pass.", [seen]) }
            guard suite.isWhole else {
                throw ProbeTrouble.cannotBeTold("there was time for a part alone, which passed: \(seen)")
            }
            return .kept(seen)
        }
    }
}
