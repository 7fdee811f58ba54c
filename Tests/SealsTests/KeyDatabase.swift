import Foundation
import Synchronization

@testable import Postgres
@testable import Seals

/// The key store of one test: a database of its own in a cluster of this run.
final class KeyDatabase: Sendable {
    let name: String
    private let cluster: TemporaryCluster

    /// Migrated once, copied for each test.
    private static let template: Result<TemporaryCluster, any Error> = Result {
        let cluster = try TemporaryCluster("keys", serverRoles: ["carekeep_keykeeper"])
        let conninfo = cluster.cluster.adminConninfo
        try Migrator(store: "keys", schema: "keys", folder: folder, conninfo: conninfo).up()
        return cluster
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../database/keys")

    private static let names = Atomic<Int>(0)
    /// `create database` wants its template to itself.
    private static let copying = Mutex(())

    init() throws {
        cluster = try Self.template.get()
        name = "keys_\(Self.names.add(1, ordering: .relaxed).newValue)"
        try Self.copying.withLock { _ in
            let admin = try AdminConnection(cluster.cluster.conninfo(role: Cluster.superuser, database: "postgres"))
            let identifier = SQL.Identifier(name)!
            try admin.query("create database \(identifier) template keys")
            // A copy has neither the grants nor the settings of the database it was copied from.
            try Self.apply("roles.sql", to: AdminConnection(conninfo(role: Cluster.superuser)))
        }
    }

    func conninfo(role: String) -> String {
        cluster.cluster.conninfo(role: role, database: name)
    }

    /// Signed in as a role, or as the superuser.
    func connection(as role: String = Cluster.superuser) throws -> AdminConnection {
        try AdminConnection(conninfo(role: role))
    }

    /// Connected as the keykeeper.
    func store() async throws -> Store {
        let store = Store(.init(conninfo: conninfo(role: "carekeep_keykeeper"), poolSize: 2))
        try await store.start()
        return store
    }

    /// Runs a file of the key store's sources in one transaction.
    static func apply(_ file: String, to connection: AdminConnection) throws {
        let script = try SQLScript(contentsOf: folder.appending(path: file))
        try connection.query("begin")
        try connection.execute(script: script)
        try connection.query("commit")
    }
}
