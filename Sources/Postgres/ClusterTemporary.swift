import Glibc
import Synchronization

/// A cluster for one test run: made in about a second, nothing durable, gone when it is released or the process ends.
///
/// Whoever asks may be any role in it; the folder is closed to others. As root, PostgreSQL runs as `postgres`, or as
/// `nobody` where there is no such account.
public final class TemporaryCluster: Sendable {
    /// The cluster, running.
    public let cluster: Cluster
    private let folder: String

    /// Makes and starts one.
    ///
    /// - `name`: the store, and so the name of the database.
    /// - `serverRoles`: the roles let in when `durability` is full.
    /// - `durability`: full to test what protects a real cluster; then it is slower, and closed to other roles.
    public init(
        _ name: String = "records",
        serverRoles: [String] = ["carekeep_server", "carekeep_keykeeper"],
        durability: Cluster.Durability = .testsOnly,
        started: Bool = true
    ) throws {
        Self.removeLeftovers()
        folder = "\(Self.prefix)\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        mkdir(folder, 0o711)
        let accounts = try Self.accounts()
        // The kernel must let PostgreSQL's account through to its data.
        cluster = try Cluster(
            name: name,
            dataFolder: folder + "/data",
            socketFolder: folder + "/socket",
            accounts: accounts,
            serverRoles: serverRoles,
            durability: durability
        )
        Self.made.withLock { $0.append(cluster) }
        if started { try cluster.start() }
    }

    deinit {
        Self.remove(cluster)
        Self.made.withLock { $0.removeAll { [path = cluster.dataFolder] in $0.dataFolder == path } }
    }

    private static let prefix = "/tmp/carekeep-test-"

    /// As root, an account that the server's must not be able to become: `nobody` stands for the server's.
    private static func accounts() throws(ClusterError) -> Cluster.Accounts {
        let current = try Account.ofThisProcess()
        guard current.uid == 0, let nobody = Account(named: "nobody") else {
            return Cluster.Accounts(database: current, server: current)
        }
        return Cluster.Accounts(database: Account(named: "postgres") ?? nobody, server: nobody)
    }

    /// Those to stop when the process ends, since test runners know no end of all tests.
    private static let made: Mutex<[Cluster]> = {
        atexit { TemporaryCluster.made.withLock { $0 }.forEach(TemporaryCluster.remove) }
        return Mutex([])
    }()

    private static func remove(_ cluster: Cluster) {
        let folder = String(cluster.dataFolder.dropLast("/data".count))
        // Best effort, under /tmp: a test's verdict does not hang on its cleaning up.
        if let postmaster = try? cluster.postmaster() {
            kill(postmaster, SIGQUIT)
            while cluster.isRunning { usleep(5_000) }
        }
        _ = try? Program("/bin/rm", ["-rf", "--one-file-system", "--", folder]).run()
    }

    /// Ends what a killed test run left behind: folders that name a process which is no more.
    private static func removeLeftovers() {
        guard let tmp = opendir("/tmp") else { return }
        defer { closedir(tmp) }
        while let entry = readdir(tmp) {
            let path = "/tmp/" + ClusterFiles.name(of: entry)
            guard path.hasPrefix(prefix), let owner = path.dropFirst(prefix.count).split(separator: "-").first,
                let id = pid_t(owner), kill(id, 0) != 0 && errno == ESRCH, let accounts = try? accounts(),
                let cluster = try? Cluster(
                    name: "leftover",
                    dataFolder: path + "/data",
                    socketFolder: path + "/socket",
                    accounts: accounts,
                    serverRoles: []
                )
            else { continue }
            remove(cluster)
        }
    }
}
