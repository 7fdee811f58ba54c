/// Something that tries whether a promise is kept, and says what it saw.
public struct Probe: Sendable {
    /// Where it works, and so what its result is worth.
    public enum Class: String, Sendable, CaseIterable {
        /// On this installation, as somebody without privileges, through the front door or a database role.
        case live
        /// On a scratch copy of this installation's release and configuration, where damage is allowed.
        case twin
        /// On the machine under it: what the kernel, the files and the databases' settings say. Changes nothing.
        case host
        /// In the checks that the release went through.
        case release
    }

    public let name: ProbeName
    public let `class`: Class
    /// What it tries, in plain words, after "It".
    public let tries: String
    /// How long its result counts.
    public let fresh: Duration
    /// How long it may take.
    public let patience: Duration
    /// What whoever runs the machine can do where it falls short.
    public let remedy: String?
    let work: @Sendable (Ground) async throws -> Sighting

    /// A probe. It throws what keeps it from trying (``ProbeTrouble``), and whatever breaks it.
    public init(
        _ name: ProbeName,
        _ class: Class,
        tries: String,
        fresh: Duration = .seconds(26 * 3600),
        patience: Duration = .seconds(60),
        remedy: String? = nil,
        work: @escaping @Sendable (Ground) async throws -> Sighting
    ) {
        self.name = name
        self.class = `class`
        self.tries = tries
        self.fresh = fresh
        self.patience = patience
        self.remedy = remedy
        self.work = work
    }
}

/// What a probe saw.
public struct Sighting: Sendable, Equatable {
    /// Whether the promise holds.
    public let isKept: Bool
    /// What was tried and seen, in a sentence or two. Public where the promise holds.
    public let seen: String
    /// What went wrong, for those who repair it. Holds no value of anybody's record: probes meet synthetic people alone.
    public let details: [String]

    /// The promise holds.
    public static func kept(_ seen: String) -> Sighting { Sighting(isKept: true, seen: seen, details: []) }

    /// It does not.
    public static func fallsShort(_ seen: String, _ details: [String] = []) -> Sighting {
        Sighting(isKept: false, seen: seen, details: details)
    }

    /// It holds if nothing was found wrong.
    public static func judged(_ seen: String, wrong: [String]) -> Sighting {
        wrong.isEmpty ? kept(seen) : fallsShort("\(wrong.count) of what was tried did not come out as it must.", wrong)
    }
}

/// What keeps a probe from trying, or gives it away.
public enum ProbeTrouble: Error, Equatable, CustomStringConvertible {
    /// No server answers. Nothing is said about the promise.
    case noServer(String)
    /// What else it needs is not there. Nothing is said about the promise.
    case cannotBeTried(String)
    /// The machine does not tell, to this account or at all. It may be well or not.
    case cannotBeTold(String)
    /// It asked for what its class does not have.
    case isOfAnotherClass(String)
    /// What must work did not, so that nothing can be concluded.
    case controlFailed(String)

    public var description: String {
        switch self {
        case .noServer(let why), .cannotBeTried(let why), .cannotBeTold(let why): why
        case .isOfAnotherClass(let what): "it says that it is of one class, and asked for \(what)"
        case .controlFailed(let what): "what must work did not: \(what)"
        }
    }
}
