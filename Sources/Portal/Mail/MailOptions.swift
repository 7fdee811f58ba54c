public import People

/// Which mail server takes our letters, and how it is reached.
public struct MailOptions: Sendable {
    /// How the way to the mail server is sealed.
    public enum Sealing: String, Sendable, CaseIterable {
        /// TLS is begun on the open connection, before anything else is said; a server that does not offer it gets nothing.
        case starttls
        /// TLS from the first byte.
        case implicit
        /// None: for a server on this very machine.
        case none
    }

    /// How we sign in to the mail server.
    public struct Account: Sendable, CustomStringConvertible {
        let user: String
        let password: String

        /// `nil` if either holds a control character.
        public init?(user: String, password: String) {
            guard (user + password).unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                return nil
            }
            (self.user, self.password) = (user, password)
        }

        /// Nothing of it.
        public var description: String { "(hidden)" }
    }

    let host: String
    let port: Int
    let sealing: Sealing
    let account: Account?
    let from: MailAddress
    let authority: [UInt8]?
    /// Where people reach us, `https://care.example.org`: links in letters lead there.
    let base: String

    /// `authority` holds, in PEM, who may vouch for the mail server; `nil` for whom the system trusts. `nil` if the host is no host's name,
    /// or letters would go in the clear to another machine.
    public init?(
        host: String,
        port: Int,
        sealing: Sealing,
        account: Account?,
        from: MailAddress,
        authority: [UInt8]?,
        base: String
    ) {
        guard Self.isHost(host), sealing != .none || Self.isThisMachine(host) else { return nil }
        self.host = host
        self.port = port
        self.sealing = sealing
        self.account = account
        self.from = from
        self.authority = authority
        self.base = base
    }

    /// Whether it is a host's name or address.
    public static func isHost(_ text: String) -> Bool {
        text.utf8.count <= 255 && text.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-f:]+\]/) != nil
    }

    /// Whether what is sent there stays on this machine.
    public static func isThisMachine(_ host: String) -> Bool { ["localhost", "127.0.0.1", "[::1]"].contains(host) }

    /// Where libcurl goes; behind the slash, what we call ourselves.
    var url: String {
        let name = base.split(separator: "/").last?.prefix { $0 != ":" } ?? ""
        let own =
            name.wholeMatch(of: /[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]*/) != nil ? name : "localhost"
        return "\(sealing == .implicit ? "smtps" : "smtp")://\(host):\(port)/\(own)"
    }
}
