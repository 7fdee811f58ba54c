import Glibc
import Testing

@testable import Postgres

@Suite struct `A private cluster` {
    @Test func `is made, adopted while it runs, stopped, and started again`() throws {
        let temporary = try TemporaryCluster(durability: .full, started: false)
        let cluster = temporary.cluster
        #expect(try cluster.start() == .made)
        let first = try #require(try cluster.postmaster())
        #expect(try cluster.start() == .adopted)
        #expect(try cluster.postmaster() == first)
        try cluster.stop()
        #expect(!cluster.isRunning)
        let began = ContinuousClock.now
        #expect(try cluster.start() == .started)
        #expect(began.duration(to: .now) < .seconds(5))
    }

    @Test func `listens on its socket alone, with page checksums, without jit`() throws {
        let temporary = try TemporaryCluster(durability: .full)
        let connection = try AdminConnection(temporary.cluster.adminConninfo)
        let settings = try connection.query(
            """
            select name::text, setting from pg_settings
             where name in ('listen_addresses', 'data_checksums', 'jit', 'fsync', 'server_encoding', 'lc_collate')
             order by name
            """
        ).map { try [$0.decode(String.self, at: 0), $0.decode(String.self, at: 1)] }
        #expect(
            settings == [
                ["data_checksums", "on"], ["fsync", "on"], ["jit", "off"], ["lc_collate", "C"],
                ["listen_addresses", ""], ["server_encoding", "UTF8"],
            ]
        )
    }

    @Test func `comes back after its postmaster was killed`() throws {
        let temporary = try TemporaryCluster(durability: .full)
        let cluster = temporary.cluster
        let connection = try AdminConnection(cluster.adminConninfo)
        try connection.query("create table kept as select 7 as n")
        kill(try #require(try cluster.postmaster()), SIGKILL)
        while cluster.isRunning { usleep(1_000) }
        #expect(ClusterFiles.exists(cluster.dataFolder + "/postmaster.pid"))
        #expect(try cluster.start() == .started)
        let kept = try AdminConnection(cluster.adminConninfo).query("select n from kept")
        #expect(try kept.map { try $0.decode(Int32.self, at: 0) } == [7])
    }

    @Test func `is not mistaken for a stranger that has the number of its killed postmaster`() throws {
        let temporary = try TemporaryCluster(durability: .full)
        let cluster = temporary.cluster
        try cluster.stop()
        // As after the restart of a container: the number belongs to another process of the same account.
        let stranger = try Program("/bin/sleep", ["60"], user: cluster.accounts.database).start()
        defer {
            kill(stranger, SIGKILL)
            waitpid(stranger, nil, 0)
        }
        let file = "\(stranger)\n\(cluster.dataFolder)\n1\n5432\n\(cluster.socketFolder)\n\n  1  1\n"
        try ClusterFiles.write(file, to: cluster.dataFolder + "/postmaster.pid", owner: cluster.accounts.database)
        #expect(!cluster.isRunning)
        #expect(try cluster.start() == .started)
        #expect(kill(stranger, 0) == 0)
    }

    @Test func `survives the Ctrl-C that ends the process which started it`() throws {
        let temporary = try TemporaryCluster()
        let postmaster = try #require(try temporary.cluster.postmaster())
        #expect(getpgid(postmaster) != getpgid(0))
        #expect(getsid(postmaster) != getsid(0))
    }

    @Test(
        arguments: [
            ("log_error_verbosity", "default"), ("log_parameter_max_length", "-1"),
            ("log_parameter_max_length_on_error", "100"), ("log_statement", "ddl"),
            ("log_min_duration_statement", "0"), ("log_min_error_statement", "error"), ("log_min_messages", "warning"),
            ("session_preload_libraries", "auto_explain"),
        ])
    func `is refused, and not left running, with settings that print values`(setting: String, value: String) throws {
        let temporary = try TemporaryCluster(started: false)
        let cluster = temporary.cluster
        try cluster.start()
        try cluster.stop()
        try ClusterFiles.write(
            "\(setting) = '\(value)'\n",
            to: cluster.dataFolder + "/local.conf",
            owner: cluster.accounts.database
        )
        let error = #expect(throws: ClusterError.self) { try cluster.start() }
        let named = setting == "session_preload_libraries" ? "auto_explain is loaded" : "\(setting) is \(value)"
        #expect(error?.description.contains(named) == true, "\(error?.description ?? "no error")")
        #expect(!cluster.isRunning)
    }

    @Test func `is refused when a running one prints values for one role alone`() throws {
        let temporary = try TemporaryCluster()
        let admin = try AdminConnection(temporary.cluster.adminConninfo)
        try admin.query("create role carekeep_server login")
        try admin.query("alter role carekeep_server set log_statement = 'all'")
        let error = #expect(throws: ClusterError.self) { try temporary.cluster.start() }
        #expect(error?.description.contains("log_statement is all for role carekeep_server") == true)
    }

    @Test func `is refused to its own server's role, too, when a URL leads to one with bad settings`() throws {
        let temporary = try TemporaryCluster()
        let admin = try AdminConnection(temporary.cluster.adminConninfo)
        try admin.query("create role carekeep_server login")
        let server = try AdminConnection(temporary.cluster.conninfo(role: "carekeep_server"))
        try Cluster.requireSafe(server, at: "stores.records.url")
        try admin.query("alter role carekeep_server set log_error_verbosity = 'verbose'")
        let later = try AdminConnection(temporary.cluster.conninfo(role: "carekeep_server"))
        #expect(throws: ClusterError.self) { try Cluster.requireSafe(later, at: "stores.records.url") }
    }

    @Test(arguments: [
        (150_018, false), (150_019, true), (150_020, true), (160_014, false), (160_015, true),
        (170_010, false), (170_011, true), (180_005, false), (180_006, true), (190_000, true), (140_030, false),
    ])
    func `is refused when its minor release has known holes`(version: Int, supported: Bool) {
        if supported {
            #expect(throws: Never.self) { try ClusterBinaries.requireSupported(version: version, at: "here") }
        } else {
            #expect(throws: ClusterError.self) { try ClusterBinaries.requireSupported(version: version, at: "here") }
        }
    }

    @Test func `reads PostgreSQL's version from what it says`() {
        #expect(
            ClusterBinaries.number(fromVersionLine: "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n") == 150_020
        )
        #expect(ClusterBinaries.number(fromVersionLine: "postgres (PostgreSQL) 19devel") == nil)
    }

    @Test func `has a socket whose path fits`() throws {
        let account = try Account.ofThisProcess()
        let long = "/" + String(repeating: "x", count: 93)
        #expect(throws: ClusterError.self) {
            try Cluster(
                name: "records",
                dataFolder: "/data",
                socketFolder: long,
                accounts: Cluster.Accounts(database: account, server: account),
                serverRoles: []
            )
        }
    }

    /// Takes root, since it becomes others.
    @Test(.enabled(if: geteuid() == 0))
    func `lets the server's account be the server's roles, and no superuser`() throws {
        let temporary = try TemporaryCluster(serverRoles: ["carekeep_server"], durability: .full)
        let cluster = temporary.cluster
        #expect(cluster.accounts.isolation == .separateUsers)
        let admin = try AdminConnection(cluster.adminConninfo)
        try admin.query("create role carekeep_server login")
        try admin.query("create role carekeep_other login")
        #expect(try signIn(to: cluster, as: "carekeep_server", account: cluster.accounts.server))
        #expect(try !signIn(to: cluster, as: Cluster.superuser, account: cluster.accounts.server))
        #expect(try !signIn(to: cluster, as: "carekeep_other", account: cluster.accounts.server))
        #expect(try signIn(to: cluster, as: Cluster.superuser, account: cluster.accounts.database))
    }

    private func signIn(to cluster: Cluster, as role: String, account: Account) throws -> Bool {
        let psql = try ClusterBinaries.find().folder + "/psql"
        let arguments = ["--no-psqlrc", "--command", "select 1", cluster.conninfo(role: role)]
        return try Program(psql, arguments, user: account).run().status == 0
    }
}

@Suite struct `A program` {
    @Test func `prints to its caller and says how it ended`() throws {
        let result = try Program("/bin/sh", ["-c", "echo out; echo err >&2; exit 3"]).run()
        #expect(result.output == "out\nerr\n")
        #expect(result.status == 3)
    }

    @Test func `is stopped when it takes too long`() {
        #expect(throws: ClusterError.self) { try Program("/bin/sleep", ["30"]).run(within: 1) }
    }

    @Test func `finds nothing of the caller's environment`() throws {
        setenv("PGPASSWORD", "secret", 1)
        #expect(try !Program("/usr/bin/env").run().output.contains("PGPASSWORD"))
    }
}
