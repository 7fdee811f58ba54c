/// One sentence of a security page, and how it is shown to be true.
public struct Promise: Sendable, Equatable {
    /// Who makes it happen.
    public enum Kind: String, Sendable, CaseIterable {
        /// The software, which a probe shows.
        case enforced
        /// The host, which a check of it shows.
        case deployment
        /// People, who vouch for it.
        case attested
    }

    /// For whom an organisation works: its page made the promise, its defaults keep it.
    public enum Profile: String, Sendable, CaseIterable {
        case family, clinic, operations
    }

    /// `ENC-1`.
    public let id: String
    /// The promise in plain words, as the page has it.
    public let words: String
    /// How it is kept, or will be.
    public let mechanism: String
    /// Whose page made it.
    public let sources: Set<Profile>
    /// For whom it holds; everybody where it is of the whole installation.
    public let profiles: Set<Profile>
    public let kinds: Set<Kind>
    /// What shows it. Empty where nothing does yet.
    public let probes: [ProbeName]
    /// What of it is not built, or not shown, yet. `nil` where nothing is missing.
    public let missing: String?
    /// The clauses of frameworks that it speaks to.
    public let clauses: [Clause]
}

/// A clause of a framework: `HIPAA 164.312(b)`, `ASVS V12.1.1`, `CSF PR.DS-01`, `MDR reg 19`.
///
/// Only those listed in ``known`` exist: a clause that nobody looked up does not get onto the page.
public struct Clause: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// A clause that is listed; `nil` for any other.
    public init?(_ text: String) {
        guard Self.known.contains(text) else { return nil }
        description = text
    }

    /// Every clause of every framework that is listed. Without the lists there are none, and the catalogue is refused.
    public static let known: Set<String> = {
        guard case .success(let frameworks) = Framework.all else { return [] }
        return Set(frameworks.flatMap { framework in framework.clauses.map { framework.prefix + $0.id } })
    }()
}
