/// Where error reports go, and what they say of this installation.
public struct ReportOptions: Sendable {
    /// What an installation is for. A closed list, so that no name of anybody's gets into a report.
    public enum Environment: String, Sendable, CaseIterable {
        case production, staging, test, development
    }

    let address: ReportAddress
    let authority: [UInt8]?
    let environment: Environment
    let release: StaticString

    /// `authority` holds, in PEM, who may vouch for the collector; `nil` for whom the system trusts.
    public init(address: ReportAddress, authority: [UInt8]?, environment: Environment, release: StaticString) {
        (self.address, self.authority, self.environment, self.release) = (address, authority, environment, release)
    }
}

/// Sentry's data source name, `https://KEY@HOST/PROJECT`: where reports go, and the key to hand in. It is not to be printed.
public struct ReportAddress: Sendable, CustomStringConvertible {
    let url: String
    let key: String

    /// Reads one; `nil` if it is none, or would send reports in the clear to another machine.
    public init?(_ text: String) {
        let form =
            /(https?):\/\/([A-Za-z0-9_-]{1,64})@([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?((?:\/[A-Za-z0-9._-]+)*)\/([0-9]{1,20})/
        guard let found = text.wholeMatch(of: form) else { return nil }
        let (_, scheme, key, host, port, path, project) = found.output
        guard scheme == "https" || ["localhost", "127.0.0.1", "[::1]"].contains(host) else { return nil }
        self.key = String(key)
        url = "\(scheme)://\(host)\(port ?? "")\(path)/api/\(project)/envelope/"
    }

    /// Nothing of it.
    public var description: String { "(hidden)" }
}
