import Assurance
import Foundation
import Glibc
import People
import Postgres
import Seals

/// A home as the configuration describes it: root key, stores, session times.
struct OpenHome {
    let paths: InstallationPaths
    let stores: [InstalledStore]
    let home: Home

    /// Puts it together. Nothing is connected yet. `poolSize` is for the records store; a command needs few connections.
    init(_ configuration: ServerConfiguration, poolSize: Int? = nil) throws {
        paths = try InstallationPaths(configuration)
        stores = try paths.stores()
        let root = try RootKeyPlace(paths).load()
        let records = stores[0]
        let times = configuration.sessions
        home = Home(
            Home.Stores(
                records: records.conninfo(role: "carekeep_server"),
                voucher: records.conninfo(role: "carekeep_keykeeper"),
                keys: stores[1].conninfo(role: "carekeep_keykeeper")
            ),
            root: root,
            poolSize: poolSize,
            sendsMail: configuration.mail != nil
        ) { use in
            switch use {
            case .page: SignIn.Times(idle: times.pageIdle, lasting: times.pageLifetime)
            case .api: SignIn.Times(idle: times.apiLifetime, lasting: times.apiLifetime)
            }
        }
    }

    /// Runs a command's work over stores that run. A database that this starts, it stops again.
    static func forCommand(
        config: String?,
        _ body: (OpenHome, _ admin: AdminConnection) async throws -> Void
    ) async throws {
        let configuration = try ServerConfiguration.load(from: config)
        let paths = try InstallationPaths(configuration)
        let lock = try InstallationLock(paths)
        try lock.takeForCommand()
        let stores = try paths.stores()
        var started: [InstalledStore] = []
        defer {
            // Whatever does not stop is adopted by the next start.
            for store in started { try? store.cluster?.stop() }
        }
        for store in stores {
            try lock.awaitSupervised(store)
            if try store.start() != .adopted { started.append(store) }
            _ = try store.migrator.up(evenIfReady: false)
        }
        try RootKeyPlace(paths).createIfMissing()
        let open = try OpenHome(configuration, poolSize: 4)
        try await open.home.open()
        try await body(open, AdminConnection(stores[0].migrator.conninfo))
        await open.home.close()
    }
}

/// Where the root key is, and what opens it.
struct RootKeyPlace {
    private let path: String
    private let configuration: ServerConfiguration.RootKey
    private let owner: Account

    init(_ paths: InstallationPaths) {
        path = paths.rootKeyFile
        configuration = paths.configuration.rootKey
        owner = paths.accounts.server
    }

    func load() throws -> RootKey {
        do { return try RootKey.load(at: path, passphrase: passphrase()) } catch SealError.rootKeyNotSealed {
            throw ClusterError(
                "\(path) holds the root key in clear, though a passphrase is configured: carekeep root-key seal seals it"
            )
        }
    }

    /// Seals a key that lies in clear, by the passphrase that is configured.
    func seal() throws {
        guard let passphrase = try passphrase() else {
            throw ClusterError("the configuration names no passphrase: set root_key.passphrase_file first")
        }
        try RootKey.seal(at: path, passphrase: passphrase)
    }

    /// Makes a root key at the first start, the server's account's own. Losing it is losing every record.
    func createIfMissing() throws {
        guard access(path, F_OK) != 0 else { return }
        _ = try RootKey.create(at: path, passphrase: passphrase())
        if geteuid() == 0, chown(path, owner.uid, owner.gid) != 0 {
            throw ClusterError("\(path) cannot be given to \(owner.name)")
        }
    }

    private func passphrase() throws -> String? {
        let bytes: [UInt8]? = try ServerProcess.belongings.map(\.passphrase) ?? ServerProcess.passphrase(configuration)
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }
}
