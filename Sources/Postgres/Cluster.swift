package import Glibc

/// A private PostgreSQL cluster that holds one store: reached over a Unix socket only, by accounts of this machine only.
///
/// A value that says where things are and who may come in; the methods make the machine so. They block, and are for
/// start-up, migrations and tests. PostgreSQL runs in a session of its own, started by `pg_ctl`: it outlives the
/// process that started it, and a later one adopts it.
public struct Cluster: Sendable {
    /// The store, and the name of its database: `records`, `keys`.
    public let name: String
    /// Where PostgreSQL keeps the data. Absolute.
    public let dataFolder: String
    /// Where its socket is. Absolute and short: with the socket's name 107 bytes at most.
    public let socketFolder: String
    /// Who runs PostgreSQL, and whose server comes in.
    public let accounts: Accounts
    /// The database roles that the server's account may sign in as. Never a superuser.
    public let serverRoles: [String]
    /// Whether the data must survive a power cut.
    public let durability: Durability

    private let database: SQL.Identifier

    /// The accounts of the operating system that have to do with a cluster.
    public struct Accounts: Sendable, Equatable {
        /// Under which PostgreSQL runs. May become the superuser role, as root may.
        public let database: Account
        /// Under which Carekeep's server runs. May become the server's roles.
        public let server: Account

        public init(database: Account, server: Account) {
            self.database = database
            self.server = server
        }

        /// What keeps whoever takes over the server's process from becoming the database's superuser.
        public var isolation: Isolation { database.uid == server.uid ? .oneUser : .separateUsers }
    }

    /// How far the server and the database are kept apart.
    public enum Isolation: String, Sendable {
        /// By the kernel: two unprivileged accounts. Holds when the server's process is taken over.
        case separateUsers = "separate users"
        /// By our own code alone. Holds against bugs, not against a take-over of the process.
        case oneUser = "one user"
    }

    /// What a committed transaction is worth.
    public enum Durability: Sendable {
        /// It survives a power cut.
        case full
        /// It does not; and whoever reaches the socket may be anyone. For tests, whose folder is closed to others.
        case testsOnly
    }

    /// What starting a cluster took.
    public enum Start: Sendable {
        /// It was made.
        case made
        /// It was there, and not running.
        case started
        /// It was running.
        case adopted
    }

    /// The superuser role. No server signs in as it.
    public static let superuser = "carekeep_admin"

    /// - `name`: the store: lower-case letters and digits.
    /// - `dataFolder`: an absolute path without quotes, backslashes and dollar signs, which `pg_ctl` cannot take.
    /// - `socketFolder`: an absolute path short enough for a socket's name.
    public init(
        name: String,
        dataFolder: String,
        socketFolder: String,
        accounts: Accounts,
        serverRoles: [String],
        durability: Durability = .full
    ) throws(ClusterError) {
        guard let database = SQL.Identifier(name) else {
            throw ClusterError("a store's name is made of lower-case letters and digits: \(name)")
        }
        for path in [dataFolder, socketFolder] {
            guard path.hasPrefix("/"), !path.utf8.contains(where: { "\"'\\`$,".utf8.contains($0) || $0 < 32 }) else {
                throw ClusterError("\(path) must be absolute, without quotes, backslashes, commas and dollar signs")
            }
        }
        let socket = "\(socketFolder)/.s.PGSQL.\(Self.port)"
        guard socket.utf8.count <= 107 else {
            throw ClusterError(
                "\(socket) has \(socket.utf8.count) bytes, and a socket's path has room for 107; "
                    + "choose a shorter socket folder"
            )
        }
        self.name = name
        self.database = database
        self.dataFolder = dataFolder
        self.socketFolder = socketFolder
        self.accounts = accounts
        self.serverRoles = serverRoles
        self.durability = durability
    }

    /// How libpq reaches the store as a role.
    ///
    /// `database` is nil for the store's own.
    public func conninfo(role: String, database: String? = nil) -> String {
        "host='\(socketFolder)' port=\(Self.port) dbname=\(database ?? name) user=\(role) "
            + "connect_timeout=10 application_name=carekeep"
    }

    /// How libpq reaches the store as its superuser.
    public var adminConninfo: String { conninfo(role: Self.superuser) }

    /// The number in the socket's name. Each cluster has a folder of its own, so it never needs another.
    static let port = 5432
}

// MARK: - Starting and stopping

extension Cluster {
    /// Makes the cluster if it is missing, starts it if it is not running, and checks that it is fit to be used.
    ///
    /// `binaries` are PostgreSQL's programs; nil for those on this machine that fit the data.
    @discardableResult
    public func start(with binaries: ClusterBinaries? = nil) throws -> Start {
        let binaries = try binaries ?? ClusterBinaries.find(major: dataVersion())
        try ClusterBinaries.requireSupported(version: binaries.version, at: "this machine, in \(binaries.folder),")
        try prepareSocketFolder()

        var start = Start.adopted
        if try postmaster() == nil {
            start = .started
            if !ClusterFiles.exists(dataFolder + "/PG_VERSION") {
                try make(with: binaries)
                start = .made
            }
            try writeConfiguration()
            try launch(with: binaries)
        } else if try writeConfiguration() {
            try control(["reload"], with: binaries)
        }

        do {
            if start == .adopted { try waitAndCheck() } else { try checkOrStop() }
        } catch is ClusterError where start == .adopted {
            // Running since before an upgrade of PostgreSQL or of its settings, perhaps: then a restart is the cure.
            try stop()
            try launch(with: binaries)
            try checkOrStop()
        }
        try makeDatabase()
        return start
    }

    private func checkOrStop() throws {
        do {
            try waitAndCheck()
        } catch {
            try stop()
            throw error
        }
    }

    /// Ends the cluster's sessions, writes a checkpoint and stops it. Does nothing if it is not running.
    public func stop() throws {
        guard try postmaster() != nil else { return }
        try control(["stop", "-m", "fast", "-t", "60"], with: ClusterBinaries.find(major: dataVersion()))
    }

    /// Whether PostgreSQL is there. Cheap: to be asked every second.
    public var isRunning: Bool { (try? postmaster()) != nil }  // an unreadable folder is a cluster that is not running

    /// The process id of the postmaster, or nil if there is none.
    ///
    /// `postmaster.pid` alone does not say: after a `kill -9` or a power cut it is stale, and its number may by now
    /// be another process's.
    package func postmaster() throws(ClusterError) -> pid_t? {
        guard let id = try recordedPostmaster() else { return nil }
        return isPostmaster(Self.commandLine(of: id)) ? id : nil
    }

    /// What `postmaster.pid` says, true or not.
    private func recordedPostmaster() throws(ClusterError) -> pid_t? {
        let file = try ClusterFiles.read(dataFolder + "/postmaster.pid")
        return file?.split(separator: "\n").first.flatMap { pid_t($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    private func isPostmaster(_ arguments: [String]) -> Bool {
        guard let program = arguments.first else { return false }
        return (program == "postgres" || program.hasSuffix("/postgres")) && arguments.contains(dataFolder)
    }

    /// The major version that made the data, or nil before there are any.
    private func dataVersion() throws(ClusterError) -> Int? {
        try ClusterFiles.read(dataFolder + "/PG_VERSION").flatMap { Int($0.trimmed) }
    }

    private func make(with binaries: ClusterBinaries) throws(ClusterError) {
        try ClusterFiles.makeParents(of: dataFolder)
        // Made beside its place and then renamed, so that what a crash leaves half made is never taken for a cluster.
        let fresh = dataFolder + ".new"
        if ClusterFiles.exists(fresh) { try ClusterFiles.removeFolder(fresh, as: accounts.database) }
        try ClusterFiles.makeFolder(fresh, mode: 0o700, owner: accounts.database)
        let result = try Program(
            binaries.folder + "/initdb",
            [
                "--pgdata", fresh, "--username", Self.superuser, "--data-checksums", "--encoding", "UTF8",
                "--lc-collate", "C", "--lc-ctype", "C.UTF-8", "--lc-messages", "C", "--lc-monetary", "C",
                "--lc-numeric", "C", "--lc-time", "C", "--auth-local", "peer", "--auth-host", "reject",
            ] + (durability == .full ? [] : ["--no-sync"]),
            user: accounts.database
        ).run()
        guard result.status == 0 else {
            throw ClusterError("the \(name) cluster cannot be made: \(result.output.trimmed)")
        }
        try ClusterFiles.makeFolder(fresh + "/log", mode: 0o700, owner: accounts.database)
        try ClusterFiles.write(
            "# Settings of your own for this cluster; carekeep leaves this file alone.\n",
            to: fresh + "/local.conf",
            owner: accounts.database
        )
        rmdir(dataFolder)  // an empty folder made by hand
        guard rename(fresh, dataFolder) == 0 else {
            throw ClusterError("\(dataFolder) is in the way: \(String(cString: strerror(errno))); move it elsewhere")
        }
    }

    private func launch(with binaries: ClusterBinaries) throws(ClusterError) {
        try clearAwayTheDead()
        try ClusterFiles.write("", to: startLog, owner: accounts.database)
        try control(["start", "-l", startLog, "-t", "120"], with: binaries)
    }

    /// Waits for the children of a killed postmaster, and removes its lock files if they name a living stranger.
    ///
    /// PostgreSQL itself copes with a stale file unless its number is still taken: by another process of the same
    /// account, as after each restart of a container with two clusters, or by the killed one, which nobody has buried.
    /// The file guards the shared memory of orphans, so it goes only when there are none.
    private func clearAwayTheDead() throws(ClusterError) {
        let deadline = ContinuousClock.now + .seconds(15)
        while hasOrphans {
            guard ContinuousClock.now < deadline else {
                throw ClusterError("processes of a killed \(name) cluster are still there; end them and start again")
            }
            usleep(20_000)
        }
        if let id = try recordedPostmaster(), try postmaster() == nil, kill(id, 0) == 0 {
            unlink(dataFolder + "/postmaster.pid")
            unlink("\(socketFolder)/.s.PGSQL.\(Self.port).lock")
        }
    }

    private var hasOrphans: Bool {
        Self.commandLines().contains { arguments in
            arguments.first?.hasPrefix("postgres: \(title): ") == true || isPostmaster(arguments)
        }
    }

    private func control(_ arguments: [String], with binaries: ClusterBinaries) throws(ClusterError) {
        let result = try Program(
            binaries.folder + "/pg_ctl",
            ["-D", dataFolder, "-s", "-w"] + arguments,
            user: accounts.database
        ).run(within: 150)
        guard result.status == 0 else {
            throw try ClusterError(
                "pg_ctl \(arguments[0]) of the \(name) cluster failed: \(result.output.trimmed)\n\(lastWords())"
            )
        }
    }

    /// The end of the log at start, and of the log that followed it.
    private func lastWords() throws(ClusterError) -> String {
        var logs = [startLog]
        if let current = try ClusterFiles.read(dataFolder + "/current_logfiles"),
            let name = current.split(separator: " ").last
        {
            logs.append("\(dataFolder)/\(String(name).trimmed)")
        }
        var lines: [Substring] = []
        for log in logs { lines += try ClusterFiles.read(log)?.split(separator: "\n").suffix(4) ?? [] }
        return lines.joined(separator: "\n")
    }

    /// Connects, which waits for recovery to end, and refuses what is unfit.
    private func waitAndCheck() throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                let connection = try AdminConnection(conninfo(role: Self.superuser, database: "postgres"))
                return try Self.requireSafe(connection, at: "The \(name) cluster")
            } catch let error as PostgresError where error.kind == .connection {
                guard ContinuousClock.now < deadline, isRunning else { throw error }
                usleep(50_000)
            }
        }
    }

    private func makeDatabase() throws {
        let connection = try AdminConnection(conninfo(role: Self.superuser, database: "postgres"))
        guard try connection.query("select from pg_catalog.pg_database where datname = \(name)").isEmpty else { return }
        try connection.query("create database \(database) template template0")
    }

    private var startLog: String { dataFolder + "/log/start.log" }

    /// How this cluster's processes call themselves. Two installations on one machine differ.
    var title: String { "carekeep-\(name)-\(Self.shortHash(of: dataFolder))" }

    /// Eight hexadecimal digits that tell paths apart (FNV-1a); nothing secret rests on them.
    package static func shortHash(of text: String) -> String {
        let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// A process's arguments; none if there is no such process, or it is a zombie.
    static func commandLine(of id: pid_t) -> [String] {
        // Readable for every account, unlike /proc/…/cwd, which a container's root may not read.
        guard let text = try? ClusterFiles.read("/proc/\(id)/cmdline") else { return [] }
        return text.split(separator: "\0").map(String.init)
    }

    /// The arguments of all processes of this machine.
    private static func commandLines() -> [[String]] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [[String]] = []
        while let entry = readdir(folder) {
            if let id = pid_t(ClusterFiles.name(of: entry)) { found.append(commandLine(of: id)) }
        }
        return found
    }
}

// MARK: - Configuration

extension Cluster {
    private func prepareSocketFolder() throws(ClusterError) {
        try ClusterFiles.makeParents(of: socketFolder)
        // Others may pass through to a socket whose name they know, where pg_hba turns them away; but they see nothing.
        let mode: mode_t = accounts.isolation == .oneUser || durability == .testsOnly ? 0o700 : 0o711
        try ClusterFiles.makeFolder(socketFolder, mode: mode, owner: accounts.database)
    }

    /// Writes PostgreSQL's three files. Says whether that changed any.
    @discardableResult
    private func writeConfiguration() throws(ClusterError) -> Bool {
        var changed = false
        for (file, text) in [("postgresql.conf", settings), ("pg_hba.conf", doors), ("pg_ident.conf", names)] {
            changed = try ClusterFiles.write(text, to: "\(dataFolder)/\(file)", owner: accounts.database) || changed
        }
        return changed
    }

    private var settings: String {
        """
        # Written by carekeep whenever it starts. Settings of your own (memory, say) go into local.conf beside this
        # file. Carekeep does not start with settings that print people's data in logs, wherever they are set.

        cluster_name = '\(title)'
        listen_addresses = ''
        port = \(Self.port)
        unix_socket_directories = '\(socketFolder)'
        unix_socket_permissions = 0777          # pg_hba.conf decides, by account
        max_connections = \(durability == .full ? 60 : 800)
        superuser_reserved_connections = 5

        shared_buffers = \(durability == .full ? "128MB" : "16MB")
        jit = off
        shared_preload_libraries = ''
        session_preload_libraries = ''
        local_preload_libraries = ''
        timezone = 'UTC'
        row_security = on

        wal_level = replica
        max_wal_senders = 3
        fsync = \(durability == .full ? "on" : "off")
        full_page_writes = \(durability == .full ? "on" : "off")
        synchronous_commit = \(durability == .full ? "on" : "off")

        logging_collector = \(durability == .full ? "on" : "off")
        log_destination = 'stderr'
        log_directory = 'log'
        log_filename = 'postgresql-%a.log'      # a week
        log_rotation_age = 1d
        log_rotation_size = 0
        log_truncate_on_rotation = on
        log_file_mode = 0600
        log_timezone = 'UTC'
        log_line_prefix = '%m [%p] %u@%d %e '

        # Nothing that could quote a value: no statements, no parameters, no details. Even an error's first line can
        # ("date/time field value out of range: …"), so errors of sessions are the server's to report, not the log's.
        log_min_messages = log
        log_min_error_statement = panic
        log_error_verbosity = terse
        log_statement = none
        log_duration = off
        log_min_duration_statement = -1
        log_min_duration_sample = -1
        log_transaction_sample_rate = 0
        log_parameter_max_length = 0
        log_parameter_max_length_on_error = 0

        include_if_exists 'local.conf'

        """
    }

    private var doors: String {
        if durability == .testsOnly {
            return """
                # Written by carekeep for a test. The folder of the socket is closed to others.
                local all all trust
                local replication all trust

                """
        }
        let roles = serverRoles.map { "local \(name) \($0) peer map=carekeep\n" }.joined()
        return """
            # Written by carekeep whenever it starts. Unix sockets only, and the kernel says who is calling.
            local all \(Self.superuser) peer map=carekeep
            local replication \(Self.superuser) peer map=carekeep
            \(roles)local all all reject

            """
    }

    private var names: String {
        let superusers = accounts.database.name == "root" ? ["root"] : ["root", accounts.database.name]
        var lines = superusers.flatMap { account in
            ([Self.superuser] + serverRoles).map { "carekeep \"\(account)\" \($0)" }
        }
        if !superusers.contains(accounts.server.name) {
            lines += serverRoles.map { "carekeep \"\(accounts.server.name)\" \($0)" }
        }
        return """
            # Written by carekeep whenever it starts: which account of this machine may be which role.
            # The server's own account is never a superuser's.
            \(lines.joined(separator: "\n"))

            """
    }
}
