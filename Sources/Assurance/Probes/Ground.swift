public import Foundation
public import Postgres
import Records
import Seals

/// An installation, as far as probes need it. The operator on the host has all of it.
public struct Site: Sendable {
    /// A store, and as whom it can be reached. libpq's connection strings.
    public struct Databases: Sendable {
        /// The records store, as its administrator: to look, never to change.
        public var admin: String
        /// As the web server's role.
        public var server: String
        /// The keys store, as its administrator.
        public var keysAdmin: String

        /// Names all of them.
        public init(admin: String, server: String, keysAdmin: String) {
            self.admin = admin
            self.server = server
            self.keysAdmin = keysAdmin
        }
    }

    /// What is so of the host and the configuration.
    public struct Host: Sendable {
        /// Folders whose files must show nobody's data. Empty where the databases are elsewhere.
        public var dataFolders: [String]
        /// Files that the server's own log goes to, as long as it runs. Empty where it goes elsewhere, as to the journal.
        public var logFiles: @Sendable () -> [String]
        /// Whether the root key lies in clear on the same machine.
        public var hasClearRootKey: Bool?
        /// Whether an operator allows TLS 1.2.
        public var allowsTLS12: Bool
        /// Whether the databases are private clusters of ours, on sockets.
        public var hasOwnClusters: Bool
        /// The machine, and how the installation lies on it. `nil` where nobody looks at machines.
        public var deployment: Deployment?
        /// What lies beside the program that runs. `nil` where nobody looks.
        public var release: ReleaseFolder?

        /// Says all of it.
        public init(
            dataFolders: [String],
            logFiles: @escaping @Sendable () -> [String] = { [] },
            hasClearRootKey: Bool?,
            allowsTLS12: Bool,
            hasOwnClusters: Bool,
            deployment: Deployment? = nil,
            release: ReleaseFolder? = nil
        ) {
            self.dataFolders = dataFolders
            self.logFiles = logFiles
            self.hasClearRootKey = hasClearRootKey
            self.allowsTLS12 = allowsTLS12
            self.hasOwnClusters = hasOwnClusters
            self.deployment = deployment
            self.release = release
        }
    }

    public var home: Home
    public var databases: Databases
    public var migrators: [Migrator]
    /// The release's files of a store: migrations, policies, lints.
    public var release: @Sendable (_ store: String) -> URL
    /// `nil` where no server can be asked.
    public var door: (any FrontDoor)?
    public var host: Host
    /// What would be sent to a collector of error reports for an error. `nil` where nobody makes reports.
    public var report: (@Sendable (any Error) -> [UInt8])?

    /// Puts it together.
    public init(
        home: Home,
        databases: Databases,
        migrators: [Migrator],
        release: @escaping @Sendable (_ store: String) -> URL,
        door: (any FrontDoor)?,
        host: Host,
        report: (@Sendable (any Error) -> [UInt8])? = nil
    ) {
        self.report = report
        self.home = home
        self.databases = databases
        self.migrators = migrators
        self.release = release
        self.door = door
        self.host = host
    }
}

/// What one probe has to work with: what its class has, and nothing more. Asking for more gives the probe away.
public struct Ground: Sendable {
    let `class`: Probe.Class
    private let host: Site.Host
    private let databases: Site.Databases?
    private let whole: Site?
    private let onlyDoor: (any FrontDoor)?
    private let lent: Waking
    private let twins: Twins
    private let fingerprint: [UInt8]
    private let caught: Caught

    /// The ground before there is an installation, or while it is not running: the host, and databases if they are there.
    init(_ host: Site.Host, _ databases: Site.Databases?, for probe: Probe, caught: Caught) {
        self.host = host
        self.databases = databases
        whole = nil
        onlyDoor = nil
        self.class = probe.class
        lent = .asleep(.cannotBeTried("there are no synthetic people here"))
        twins = Twins()
        fingerprint = []
        self.caught = caught
    }

    /// The ground of somebody who has an address and nothing else.
    init(_ door: any FrontDoor, for probe: Probe, caught: Caught) {
        // Of somebody else's installation nothing is known; what is promised is the strictest.
        host = Site.Host(dataFolders: [], hasClearRootKey: false, allowsTLS12: false, hasOwnClusters: false)
        databases = nil
        whole = nil
        onlyDoor = door
        self.class = probe.class
        lent = .asleep(.cannotBeTried("there are no synthetic people here"))
        twins = Twins()
        fingerprint = []
        self.caught = caught
    }

    /// Whether there is nothing but a front door.
    var isOutside: Bool { onlyDoor != nil }

    init(_ site: Site, for probe: Probe, lent: Waking, twins: Twins, fingerprint: [UInt8], caught: Caught) {
        host = site.host
        databases = site.databases
        whole = site
        onlyDoor = nil
        self.class = probe.class
        self.lent = lent
        self.twins = twins
        self.fingerprint = fingerprint
        self.caught = caught
    }

    /// The installation as a whole, administrators' ways in among it: for what follows here, and no probe's.
    private var site: Site {
        get throws {
            guard let whole else { throw ProbeTrouble.cannotBeTried("there is no installation yet") }
            return whole
        }
    }

    /// The machine, and how the installation lies on it.
    public func deployment() throws -> (machine: Machine, layout: Layout) {
        guard let deployment = try knownDeployment() else {
            throw ProbeTrouble.cannotBeTried("nothing is known of the machine")
        }
        return deployment
    }

    /// The same; `nil` where nobody looks at machines.
    func knownDeployment() throws -> (machine: Machine, layout: Layout)? {
        try require(.host, "the machine")
        return host.deployment.map { ($0.machine, $0.layout) }
    }

    /// Whether the root key lies in clear on the same machine; `nil` where that cannot be read.
    func hasClearRootKey() throws -> Bool? {
        try require(.host, "the root key's file")
        return host.hasClearRootKey
    }

    /// Whether the databases are private clusters of ours, on sockets.
    func hasOwnClusters() throws -> Bool {
        try require(.host, "how the databases run")
        return host.hasOwnClusters
    }

    /// Folders whose files must show nobody's data.
    func dataFolders() throws -> [String] {
        try require(.live, "the databases' files")
        guard !host.dataFolders.isEmpty else { throw ProbeTrouble.cannotBeTried("the databases' files are elsewhere") }
        return host.dataFolders
    }

    /// Files that the server's own log goes to; empty where it goes elsewhere.
    func logFiles() throws -> [String] {
        try require(.live, "the server's log")
        return host.logFiles()
    }

    /// Whether the operator allows TLS 1.2.
    func allowsTLS12() throws -> Bool {
        try require(.live, "what the front door is set to")
        return host.allowsTLS12
    }

    /// Makes what would be sent to a collector of error reports.
    func report() throws -> @Sendable (any Error) -> [UInt8] {
        try require(.live, "reports of errors")
        guard let report = try site.report else { throw ProbeTrouble.cannotBeTried("nothing here makes reports") }
        return report
    }

    /// What lies beside the program that runs.
    public func releaseFolder() throws -> ReleaseFolder {
        try require(.release, "the results of the release's suites")
        guard let release = host.release else {
            throw ProbeTrouble.cannotBeTried("nothing is known of the program that runs")
        }
        return release
    }

    /// The front door.
    public func door() throws -> any FrontDoor {
        try require(.live, "the front door")
        if let onlyDoor { return onlyDoor }
        guard let door = try site.door else { throw ProbeTrouble.noServer("no server answers") }
        return door
    }

    /// A connection as the web server's role.
    public func server() throws -> AdminConnection {
        try require(.live, "the installation's databases")
        return try AdminConnection(try site.databases.server, applicationName: "carekeep probe")
    }

    /// A connection of the administrator of the records store that reads and does not write.
    public func look() throws -> AdminConnection { try looking(\.admin) }

    /// The same for the keys store.
    public func lookAtKeys() throws -> AdminConnection { try looking(\.keysAdmin) }

    /// The synthetic people, and what opens their records for this run.
    public func canaries() throws -> Lent {
        try require(.live, "the synthetic people")
        switch lent {
        case .awake(let lent): return lent
        case .asleep(let trouble): throw trouble
        }
    }

    /// The mark by which the server knows a report of a probe's for none.
    func mark(ofReport word: String) async throws -> String {
        try require(.live, "the installation's keys")
        return try await site.home.keys.installation().mark(of: "carekeep/vulnerability/\(word)")
    }

    /// Who looked at a synthetic patient's record, opened as for whose record it is.
    func looks(at canary: Canary) async throws -> [PatientRecords.Look] {
        try require(.live, "the notes of the trail")
        return try await site.home.records.looks(at: canary.patient, limit: 50, for: canary.caller).looks
    }

    /// A scratch copy, for this probe alone, where damage is allowed; and whether its rules are those of this installation.
    public func twin() throws -> (twin: Twin, isAlike: Bool) {
        try require(.twin, "a place to do damage")
        let twin = try twins.make(site)
        return (twin, try twin.fingerprint == fingerprint)
    }

    /// The release's files of a store.
    func release(of store: String) throws -> URL {
        try require(.twin, "the release's files")
        return try site.release(store)
    }

    /// Differences of each store from the release. Makes a scratch database beside it, and drops it.
    func drift() throws -> [String] {
        try require(.live, "the installation's databases")
        return try site.migrators.flatMap { migrator in try migrator.drift().map { "\(migrator.store): \($0)" } }
    }

    private func looking(_ store: KeyPath<Site.Databases, String>) throws -> AdminConnection {
        if self.class != .host { try require(.live, "the installation's databases") }
        guard let databases else { throw ProbeTrouble.cannotBeTried("there are no databases yet") }
        let connection = try open(databases[keyPath: store])
        try connection.query("set default_transaction_read_only = on")
        return connection
    }

    private func open(_ conninfo: String) throws -> AdminConnection {
        do {
            return try AdminConnection(conninfo, applicationName: "carekeep probe")
        } catch {
            // Before there is an installation, or while it is stopped, that says nothing.
            guard error.kind == .connection, whole == nil else { throw error }
            throw ProbeTrouble.cannotBeTried("the databases do not run, or do not let this account in")
        }
    }

    private func require(_ needed: Probe.Class, _ what: String) throws {
        guard self.class != needed else { return }
        // Noted as well, in case the probe swallows the error.
        caught.note(.isOfAnotherClass(what))
        throw ProbeTrouble.isOfAnotherClass(what)
    }
}
