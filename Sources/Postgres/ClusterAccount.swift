import Glibc

/// An account of the operating system.
public struct Account: Sendable, Equatable {
    /// The name, as `peer` authentication sees it.
    public let name: String
    /// The number of the account.
    public let uid: UInt32
    /// The number of its own group.
    public let gid: UInt32

    /// The account of that name, or nil.
    public init?(named name: String) {
        guard let found = Self.look({ getpwnam_r(name, $0, $1, $2, $3) }) else { return nil }
        self = found
    }

    /// The account under which this process runs.
    ///
    /// Without an entry for it (some containers run under bare numbers) `peer` cannot work, so that is an error.
    public static func ofThisProcess() throws(ClusterError) -> Account {
        guard let found = look({ getpwuid_r(geteuid(), $0, $1, $2, $3) }) else {
            throw ClusterError("user number \(geteuid()) has no name; give it an entry in /etc/passwd")
        }
        return found
    }

    /// The account of that name; made, without a login shell and without a home, if it is missing.
    ///
    /// Takes root.
    public static func system(_ name: String) throws(ClusterError) -> Account {
        if let there = Account(named: name) { return there }
        let result = try Program(
            "/usr/sbin/useradd",
            ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", nologin, name]
        ).run(within: 30)
        guard let made = Account(named: name) else {
            throw ClusterError(
                "user \(name) is missing and cannot be made: \(result.output.trimmed) "
                    + "(by hand: useradd --system --user-group --no-create-home --shell \(nologin) \(name))"
            )
        }
        return made
    }

    private static let nologin = "/usr/sbin/nologin"

    private init(_ entry: passwd) {
        name = String(cString: entry.pw_name)
        uid = entry.pw_uid
        gid = entry.pw_gid
    }

    private static func look(
        _ call: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> Account? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16384) { buffer -> Account? in
            guard let room = buffer.baseAddress, call(&entry, room, buffer.count, &found) == 0, found != nil else {
                return nil
            }
            return Account(entry)
        }
    }
}

extension String {
    /// Without white space at either end.
    package var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
