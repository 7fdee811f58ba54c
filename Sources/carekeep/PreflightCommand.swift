import ArgumentParser
import Assurance
import Foundation
import Glibc
import Postgres

/// `carekeep preflight`: looks at the machine under an installation.
struct PreflightCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preflight",
        abstract: "Look at the machine: disks, files, accounts, network, clock, databases; 1 if something falls short.",
        discussion: """
            Reads and changes nothing, starts nothing and keeps nothing, so it can be run before the first start. What needs \
            databases is not tried while they do not run. `carekeep prove` makes the same checks and keeps what they saw.
            """
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Flag(name: .long, help: "Print the count of outcomes alone.")
    var quiet = false

    @Flag(name: .long, help: "Print the results as JSON.")
    var json = false

    func run() async throws {
        let catalogue = try PromiseCatalogue.release.get()
        let (host, databases) = try site()
        let isTable = !quiet && !json
        let results = await Preflight(host, databases: databases).check {
            if isTable { ResultTable.tell($0, in: catalogue) }
        }
        if json { print(ResultTable.json(results, in: catalogue)) } else { ResultTable.tellCounts(results) }
        if ResultTable.isBad(results) { throw ExitCode.failure }
    }

    /// The machine, and databases if they have been made. Makes no accounts.
    private func site() throws -> (Site.Host, Site.Databases?) {
        let configuration = try ServerConfiguration.load(from: config)
        let owner = try Account.ofThisProcess()
        let database = owner.uid == 0 ? Account(named: "carekeep-db") : owner
        let server = owner.uid == 0 ? Account(named: "carekeep") : owner
        let paths = try InstallationPaths(
            configuration,
            accounts: Cluster.Accounts(database: database ?? owner, server: server ?? owner)
        )
        let stores = try paths.stores()
        let hasAccounts = database != nil && server != nil
        let layout = paths.layout(stores, file: ServerConfiguration.file(given: config), hasAccounts: hasAccounts)
        let areThere = stores.allSatisfy { store in
            store.cluster.map { ClusterFiles.exists($0.dataFolder + "/PG_VERSION") } ?? true
        }
        return (Site.Host(paths, stores, layout: layout), areThere ? Site.Databases(stores) : nil)
    }
}

extension Site.Databases {
    /// An installation's, each as whoever may come in.
    init(_ stores: [InstalledStore]) {
        self.init(
            admin: stores[0].administration,
            server: stores[0].conninfo(role: "carekeep_server"),
            keysAdmin: stores[1].administration
        )
    }
}
