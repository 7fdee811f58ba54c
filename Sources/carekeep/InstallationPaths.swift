import Database
import Foundation
import Glibc
import Postgres

/// Where everything of one installation is, and to whom it belongs.
///
/// ```
/// DATA/                 root's, or the one user's
///   tls/                certificates; the authority's key is root's alone
///   server/             the server's account's: the root key, files
///   clusters/records/   PostgreSQL's account's
///   clusters/keys/
/// SOCKETS/records/      the databases' sockets, in a short path
/// SOCKETS/keys/
/// ```
struct InstallationPaths: Sendable {
    /// What the operator decided.
    let configuration: ServerConfiguration
    /// PostgreSQL's account and the server's.
    let accounts: Cluster.Accounts
    /// Who runs this process, and so owns what belongs to neither.
    let owner: Account

    /// As root, makes the two accounts that are missing: `carekeep-db` runs PostgreSQL, `carekeep` the server. As
    /// anybody else, both are that person's. In a server that has given up its privileges, all is as root found it.
    init(_ configuration: ServerConfiguration) throws(ClusterError) {
        if let found = ServerProcess.belongings?.paths, found.configuration == configuration {
            self = found
            return
        }
        let owner = try Account.ofThisProcess()
        let accounts =
            owner.uid == 0
            ? Cluster.Accounts(database: try Account.system("carekeep-db"), server: try Account.system("carekeep"))
            : Cluster.Accounts(database: owner, server: owner)
        try self.init(configuration, accounts: accounts)
    }

    /// For tests, which make no accounts.
    init(_ configuration: ServerConfiguration, accounts: Cluster.Accounts) throws(ClusterError) {
        self.configuration = configuration
        self.accounts = accounts
        owner = try Account.ofThisProcess()
    }

    /// Whether taking over the server's process is enough to become the databases' superuser.
    var isolation: Cluster.Isolation { accounts.isolation }

    /// What the server's account keeps: the root key.
    var serverFolder: String { configuration.dataFolder + "/server" }

    /// Certificates and their keys.
    var tlsFolder: String { configuration.dataFolder + "/tls" }

    /// The file with the root key.
    var rootKeyFile: String { configuration.rootKey.file ?? serverFolder + "/root.key" }

    /// Makes the folders that are missing, each with its owner.
    func makeFolders() throws(ClusterError) {
        try ClusterFiles.makeParents(of: configuration.dataFolder)
        // Others pass through, to the certificate of the authority; they see no names. What is theirs to keep is closed.
        try ClusterFiles.makeFolder(configuration.dataFolder, mode: 0o711, owner: owner)
        try ClusterFiles.makeFolder(tlsFolder, mode: 0o755, owner: owner)
        try ClusterFiles.makeFolder(configuration.dataFolder + "/clusters", mode: 0o711, owner: owner)
        try ClusterFiles.makeFolder(serverFolder, mode: 0o700, owner: accounts.server)
    }

    /// Every store of this release.
    func stores() throws -> [InstalledStore] {
        try [
            InstalledStore(
                "records",
                schema: "care",
                roles: ["carekeep_server", "carekeep_keykeeper"],
                location: configuration.records,
                in: self
            ),
            InstalledStore(
                "keys",
                schema: "keys",
                roles: ["carekeep_keykeeper"],
                location: configuration.keys,
                in: self
            ),
        ]
    }

    /// The folder above the databases' sockets.
    var socketFolder: String {
        if let given = configuration.socketFolder { return given }
        // Two installations on one machine must not meet: the usual folder belongs to the usual data.
        let usual = owner.uid == 0 && configuration.dataFolder == "/var/lib/carekeep"
        let name = usual ? "carekeep" : "carekeep-" + Cluster.shortHash(of: configuration.dataFolder)
        if owner.uid == 0 { return "/run/" + name }
        let runtime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"]
        return (runtime.flatMap { access($0, W_OK) == 0 ? $0 : nil } ?? "/tmp") + "/" + name
    }

    fileprivate func cluster(_ name: String, roles: [String]) throws(ClusterError) -> Cluster {
        try Cluster(
            name: name,
            dataFolder: "\(configuration.dataFolder)/clusters/\(name)",
            socketFolder: "\(socketFolder)/\(name)",
            accounts: accounts,
            serverRoles: roles
        )
    }

    /// The folder above the sockets: in `/tmp`, it must not be somebody else's.
    func makeSocketFolder() throws(ClusterError) {
        try ClusterFiles.makeParents(of: socketFolder)
        try ClusterFiles.makeFolder(socketFolder, mode: owner.uid == 0 ? 0o711 : 0o700, owner: owner)
    }
}

/// A store, wherever it is: in a cluster of our own, or behind a URL.
struct InstalledStore: Sendable {
    /// `records`, `keys`.
    let name: String
    /// Nil if it is given by URL.
    let cluster: Cluster?
    /// What moves its schema.
    let migrator: Migrator

    private let location: ServerConfiguration.StoreLocation
    private let paths: InstallationPaths
    private let mainRole: String

    fileprivate init(
        _ name: String,
        schema: String,
        roles: [String],
        location: ServerConfiguration.StoreLocation,
        in paths: InstallationPaths
    ) throws {
        self.name = name
        self.location = location
        self.paths = paths
        mainRole = roles[0]
        let migrate: String
        switch location {
        case .ownCluster:
            let own = try paths.cluster(name, roles: roles)
            cluster = own
            migrate = own.adminConninfo
        case .url(_, let url, _):
            cluster = nil
            migrate = url
        }
        migrator = try Migrator(store: name, schema: schema, folder: Database.folder(of: name), conninfo: migrate)
    }

    /// As its administrator.
    var administration: String { migrator.conninfo }

    /// How the server reaches the store: as `role` in our own cluster, with its URL otherwise.
    func conninfo(role: String? = nil) -> String {
        switch location {
        case .ownCluster: cluster?.conninfo(role: role ?? mainRole) ?? ""
        case .url(let server, _, let keykeeper): role == "carekeep_keykeeper" ? keykeeper : server
        }
    }

    /// Starts the cluster, or checks the server that the URL leads to. Refuses what would print people's data in logs.
    @discardableResult
    func start() throws -> Cluster.Start {
        guard let cluster else {
            for url in [conninfo(), migrator.conninfo] {
                try Cluster.requireSafe(AdminConnection(url), at: "The server of stores.\(name)")
            }
            return .adopted
        }
        try paths.makeFolders()
        try paths.makeSocketFolder()
        return try cluster.start()
    }
}
