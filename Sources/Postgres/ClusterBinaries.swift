import Glibc

/// Where PostgreSQL's programs are, and which release they are of.
public struct ClusterBinaries: Sendable, Equatable {
    /// The folder with `initdb`, `pg_ctl` and `postgres`.
    public let folder: String

    /// The release as PostgreSQL counts: 150020 is 15.20.
    public let version: Int

    /// The programs in a folder. Asks them for their version.
    public init(in folder: String) throws(ClusterError) {
        let result = try Program(folder + "/postgres", ["--version"]).run(within: 20)
        guard result.status == 0, let version = Self.number(fromVersionLine: result.output) else {
            throw ClusterError("\(folder)/postgres does not say which version it is")
        }
        self.folder = folder
        self.version = version
    }

    /// The newest programs on this machine, or the newest of one major version.
    ///
    /// `major` is what the data was made with; other programs cannot read it.
    public static func find(major: Int? = nil) throws(ClusterError) -> ClusterBinaries {
        var candidates = (major.map { [$0] } ?? Array((15...30).reversed())).flatMap {
            ["/usr/lib/postgresql/\($0)/bin", "/usr/pgsql-\($0)/bin"]
        }
        candidates += ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"]
        for folder in candidates where access(folder + "/postgres", X_OK) == 0 && access(folder + "/pg_ctl", X_OK) == 0
        {
            let found = try ClusterBinaries(in: folder)
            if major == nil || found.version / 10000 == major { return found }
        }
        let wanted = major.map { "PostgreSQL \($0)" } ?? "PostgreSQL 15 or newer"
        throw ClusterError(
            "\(wanted) is not installed; on Debian: apt-get install postgresql-\(major ?? 15), "
                + "after putting create_main_cluster = false into /etc/postgresql-common/createcluster.conf"
        )
    }

    /// `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)` is 150020.
    static func number(fromVersionLine line: String) -> Int? {
        for word in line.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let parts = word.split(separator: ".").map { Int($0) }
            if parts.count == 2, let major = parts[0], let minor = parts[1] { return major * 10000 + minor }
        }
        return nil
    }
}

extension ClusterBinaries {
    /// The first minor releases that carry the repairs of row security of August 2026.
    static let oldestMinor = [15: 19, 16: 15, 17: 11, 18: 6]

    /// Refuses a server whose row security is known to have holes.
    ///
    /// - `version`: as PostgreSQL counts, 150020 for 15.20.
    /// - `place`: which server, for the message.
    public static func requireSupported(version: Int, at place: String) throws(ClusterError) {
        let major = version / 10000
        let minor = version % 10000
        guard major >= 15 else {
            throw ClusterError(
                "\(place) runs PostgreSQL \(major); Carekeep needs 15 or newer. Move to a newer release."
            )
        }
        if let oldest = oldestMinor[major], minor < oldest {
            throw ClusterError(
                "\(place) runs PostgreSQL \(major).\(minor), whose row security has known holes; "
                    + "install \(major).\(oldest) or newer and restart it"
            )
        }
    }
}
