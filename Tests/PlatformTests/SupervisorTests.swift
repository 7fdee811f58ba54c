import Foundation
import Glibc
import Postgres
import Synchronization
import Testing

@testable import carekeep

/// A supervisor over a shell script that stands for the server. One at a time: signals are the process's.
@Suite(.serialized) final class `The supervisor`: Sendable {
    private let folder = "/tmp/carekeep-supervisor-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    init() throws { mkdir(folder, 0o755) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func supervisor(_ script: String, stores: [InstalledStore] = []) -> Supervisor {
        var supervisor = Supervisor(stores: stores, server: ["/bin/sh", "-c", script], environment: ["FOLDER": folder])
        supervisor.say = { _ in }
        supervisor.pace = .init(
            firstWait: .milliseconds(10),
            longestWait: .milliseconds(50),
            wellStarted: .seconds(10),
            grace: .milliseconds(500),
            attempts: 3
        )
        return supervisor
    }

    /// Runs on a thread of its own: `run` blocks.
    private func run(_ supervisor: Supervisor) async throws -> Int32 {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try supervisor.run() }) }.start()
        }
    }

    private func said(_ file: String) -> String? { try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8) }

    private func until(_ condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, "it did not come about")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test func `starts a server that has ended again, and gives up on one that never runs`() async throws {
        #expect(try await run(supervisor("echo started >> $FOLDER/log; exit 7")) == 7)
        #expect(said("log") == "started\nstarted\nstarted\n")
    }

    @Test func `tells a server how the one before ended`() async throws {
        let script = "echo ${CAREKEEP_SERVER_ENDED:-first} >> $FOLDER/log; kill -SEGV $$"
        #expect(try await run(supervisor(script)) == 128 + SIGSEGV)
        #expect(said("log") == "first\n139\n139\n")
    }

    @Test func `does not start a server again whose configuration is wrong`() async throws {
        #expect(try await run(supervisor("echo started >> $FOLDER/log; exit 78")) == 78)
        #expect(said("log") == "started\n")
    }

    @Test func `starts the server without crash reports, out of reach of Ctrl-C, and tells it who started it`()
        async throws
    {
        _ = try await run(
            supervisor("echo $SWIFT_BACKTRACE $CAREKEEP_SUPERVISOR $(ps -o pgid= -p $$) $$ > $FOLDER/log; exit 78")
        )
        let words = try #require(said("log")).split(whereSeparator: \.isWhitespace)
        #expect(words.first == "enable=no")
        #expect(words[1] == "\(getpid())")
        #expect(words[2] == words[3])
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `stops the server when it is told to stop`(signal: Int32) async throws {
        let script = "trap 'echo stopped > $FOLDER/end; exit 0' TERM; echo > $FOLDER/up; while :; do sleep 0.02; done"
        async let code = run(supervisor(script))
        try await until { said("up") != nil }
        kill(getpid(), signal)
        #expect(try await code == 0)
        #expect(said("end") == "stopped\n")
    }

    @Test func `has the promises tried while the server runs, again and again, and not longer`() async throws {
        let server = "trap 'exit 0' TERM; echo > $FOLDER/up; while :; do sleep 0.02; done"
        var supervisor = supervisor(server)
        supervisor.prove = [
            "/bin/sh", "-c",
            "echo $CAREKEEP_SUPERVISOR >> $FOLDER/tried; [ -e $FOLDER/hang ] && exec sleep 600; exit 1",
        ]
        supervisor.pace.settled = .milliseconds(50)
        supervisor.pace.betweenProofs = .milliseconds(50)
        let folder = folder
        supervisor.say = { line in
            let log = FileManager.default.contents(atPath: "\(folder)/said") ?? Data()
            _ = FileManager.default.createFile(atPath: "\(folder)/said", contents: log + Data("\(line)\n".utf8))
        }
        let last = supervisor
        async let code = run(last)
        try await until { said("tried")?.split(separator: "\n").count ?? 0 >= 2 }
        #expect(said("tried")?.hasPrefix("\(getpid())\n") == true)
        try await until { said("said")?.contains("something falls short") == true }
        _ = FileManager.default.createFile(atPath: "\(folder)/hang", contents: nil)
        let count = said("tried")?.count ?? 0
        try await until { said("tried")?.count ?? 0 > count }
        kill(getpid(), SIGTERM)
        #expect(try await code == 0, "also while they are being tried")
    }

    @Test func `says what came of trying the promises, and does not call a crash a promise that falls short`()
        async throws
    {
        let server = "trap 'exit 0' TERM; echo > $FOLDER/up; while :; do sleep 0.02; done"
        var supervisor = supervisor(server)
        let script = """
            n=$(cat $FOLDER/n 2>/dev/null || echo 0); echo $((n + 1)) > $FOLDER/n; [ $n = 4 ] && kill -SEGV $$; exit $n
            """
        supervisor.prove = ["/bin/sh", "-c", script]
        supervisor.pace.settled = .milliseconds(20)
        supervisor.pace.betweenProofs = .milliseconds(20)
        supervisor.say = { [log = Log("\(folder)/said")] in log.add($0) }
        let last = supervisor
        async let code = run(last)
        let words = [
            "the promises were tried\n", "the promises were tried, and something falls short: see carekeep prove\n",
            "the promises were tried, but not all that could be: see carekeep prove\n",
            "the promises could not be tried (3): see carekeep prove\n",
            "the promises could not be tried (139): see carekeep prove\n",
        ]
        try await until { said("said")?.hasPrefix(words.joined()) == true }
        kill(getpid(), SIGTERM)
        #expect(try await code == 0)
    }

    @Test func `has the promises tried once more after a crash, and then no sooner than on any day`() async throws {
        let server = "trap 'exit 0' TERM; echo > $FOLDER/up; while :; do sleep 0.02; done"
        var supervisor = supervisor(server)
        supervisor.prove = ["/bin/sh", "-c", "echo tried >> $FOLDER/tried; kill -SEGV $$"]
        supervisor.pace.settled = .milliseconds(20)
        supervisor.say = { [log = Log("\(folder)/said")] in log.add($0) }
        let last = supervisor
        async let code = run(last)
        let crash = "the promises could not be tried (139): see carekeep prove\n"
        try await until { said("said") == crash + crash }
        // Long enough for many more, if there were any.
        try await Task.sleep(for: .milliseconds(500))
        #expect(said("tried") == "tried\ntried\n")
        kill(getpid(), SIGTERM)
        #expect(try await code == 0)
    }

    @Test func `ends what was lent to a run that it did not see end, at its start and when it stops one`() async throws
    {
        let server = "trap 'exit 0' TERM; echo > $FOLDER/up; while :; do sleep 0.02; done"
        var supervisor = supervisor(server)
        supervisor.prove = ["/bin/sh", "-c", "echo tried >> $FOLDER/said; exec sleep 600"]
        supervisor.pace.settled = .milliseconds(20)
        supervisor.endLoans = { [log = Log("\(folder)/said")] in log.add("ended") }
        let last = supervisor
        async let code = run(last)
        try await until { said("said")?.contains("tried") == true }
        #expect(said("said") == "ended\ntried\n")
        kill(getpid(), SIGTERM)
        #expect(try await code == 0)
        #expect(said("said") == "ended\ntried\nended\n")
    }

    /// Fails the first time, and then no more.
    private final class Once: Sendable {
        private let times = Mutex(0)

        /// The number of this time, from 1; throws in the one that is named.
        func go(failing bad: Int) throws -> Int {
            let time = times.withLock { times in
                times += 1
                return times
            }
            if time == bad { throw ClusterError("not now") }
            return time
        }
    }

    private static let patient = "trap 'exit 0' TERM; echo up >> $FOLDER/up; while :; do sleep 0.02; done"

    @Test func `goes on when the certificate cannot be looked after, and tries again`() async throws {
        var supervisor = supervisor(Self.patient)
        supervisor.pace.betweenRenewals = .milliseconds(50)
        supervisor.say = { [log = Log("\(folder)/said")] in log.add($0) }
        supervisor.daily = { [once = Once()] in try once.go(failing: 1) == 2 }
        let last = supervisor
        async let code = run(last)
        try await until { said("up") == "up\nup\n" }
        kill(getpid(), SIGTERM)
        #expect(try await code == 0)
        #expect(
            said("said")?.hasPrefix(
                """
                the server's certificate could not be looked after: not now; it is tried again
                server is started again, with a new certificate

                """
            ) == true
        )
    }

    @Test func `goes on when what a server needs cannot be had for a while, but tells whoever starts it`() async throws
    {
        var supervisor = supervisor("echo up >> $FOLDER/up; [ $(wc -l < $FOLDER/up) = 2 ] && exit 78; exit 1")
        supervisor.say = { [log = Log("\(folder)/said")] in log.add($0) }
        supervisor.beforeServer = { [once = Once()] in _ = try once.go(failing: 2) }
        #expect(try await run(supervisor) == 78)
        #expect(said("up") == "up\nup\n")
        #expect(said("said")?.contains("server cannot be started: not now; it is tried again\n") == true)
        supervisor.beforeServer = { throw ClusterError("never") }
        let bad = supervisor
        await #expect(throws: ClusterError.self) { try await self.run(bad) }
    }

    @Test func `goes on when the program that tries the promises is not there`() async throws {
        var supervisor = supervisor(Self.patient)
        supervisor.prove = ["\(folder)/prove"]
        supervisor.pace.settled = .milliseconds(20)
        supervisor.say = { [log = Log("\(folder)/said")] in log.add($0) }
        let last = supervisor
        async let code = run(last)
        try await until { said("said")?.contains("the promises cannot be tried: ") == true }
        let program = "#!/bin/sh\necho tried >> \(folder)/tried\n"
        _ = FileManager.default.createFile(
            atPath: "\(folder)/prove",
            contents: Data(program.utf8),
            attributes: [.posixPermissions: 0o755]
        )
        try await until { said("tried") != nil }
        kill(getpid(), SIGTERM)
        #expect(try await code == 0)
        #expect(said("up") == "up\n")
    }

    /// Lines at the end of a file.
    private struct Log: Sendable {
        let path: String

        init(_ path: String) { self.path = path }

        func add(_ line: String) {
            let lines = FileManager.default.contents(atPath: path) ?? Data()
            _ = FileManager.default.createFile(atPath: path, contents: lines + Data("\(line)\n".utf8))
        }
    }

    @Test func `kills a server that does not stop in time`() async throws {
        async let code = run(supervisor("trap '' TERM; echo $$ > $FOLDER/up; while :; do sleep 0.02; done"))
        try await until { said("up") != nil }
        let id = try #require(said("up").flatMap { pid_t($0.trimmed) })
        kill(getpid(), SIGTERM)
        #expect(try await code == 0)
        #expect(kill(id, 0) != 0)
    }

    @Test func `runs the databases before the server and stops them after it, and brings a killed one back`()
        async throws
    {
        let paths = try installation()
        let stores = try paths.stores()
        let script = "trap 'exit 0' TERM; echo > $FOLDER/up; while :; do sleep 0.02; done"
        async let code = run(supervisor(script, stores: stores))
        try await until { said("up") != nil }
        for store in stores {
            try store.migrator.requireReady(AdminConnection(store.migrator.conninfo))
        }
        let cluster = try #require(stores[0].cluster)
        let postmaster = try #require(try cluster.postmaster())
        kill(postmaster, SIGKILL)
        try await until { try cluster.postmaster().map { $0 != postmaster } == true }
        try await until { (try? AdminConnection(cluster.adminConninfo)) != nil }  // it recovers first
        kill(getpid(), SIGTERM)
        #expect(try await code == 0)
        #expect(stores.allSatisfy { $0.cluster?.isRunning == false })
    }

    @Test func `is alone on its data`() throws {
        let paths = try installation()
        try paths.makeFolders()
        let lock = try InstallationLock(paths)
        try lock.takeForSupervisor()
        #expect(throws: ClusterError.self) { try InstallationLock(paths).takeForSupervisor() }
        // Beside a supervisor a command needs no lock.
        try InstallationLock(paths).takeForCommand()
    }

    private func installation() throws -> InstallationPaths {
        let configuration = try ServerConfiguration(
            yaml: "data_folder: \(folder)/data\nsocket_folder: \(folder)/s",
            file: "test.yaml"
        )
        let current = try Account.ofThisProcess()
        guard current.uid == 0, let postgres = Account(named: "postgres"), let nobody = Account(named: "nobody") else {
            return try InstallationPaths(configuration, accounts: .init(database: current, server: current))
        }
        return try InstallationPaths(configuration, accounts: .init(database: postgres, server: nobody))
    }
}
