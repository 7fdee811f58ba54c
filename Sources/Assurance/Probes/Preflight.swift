/// Looks at the machine under an installation, also before there is one. Changes nothing and keeps nothing: ``Prover`` runs the same
/// checks once there is a store to keep results in.
public struct Preflight: Sendable {
    private let host: Site.Host
    private let databases: Site.Databases?

    /// - `databases`: `nil` where there are none yet.
    public init(_ host: Site.Host, databases: Site.Databases?) {
        self.host = host
        self.databases = databases
    }

    /// The checks of a machine.
    public static let probes: [Probe] = Probe.all.filter { $0.class == .host }

    /// Runs them one after another, and tells each result as it comes.
    public func check(tell: (Prover.Result) -> Void = { _ in }) async -> [Prover.Result] {
        var results: [Prover.Result] = []
        for probe in Self.probes {
            let caught = Caught()
            let (end, took) = await Prover.end(of: probe, on: Ground(host, databases, for: probe, caught: caught))
            let result = Prover.result(of: probe, end, after: took, caught)
            results.append(result)
            tell(result)
        }
        return results
    }
}
