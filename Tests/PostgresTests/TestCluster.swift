import Foundation
import Synchronization

@testable import Postgres

/// A private PostgreSQL for the tests: a Unix socket in a short path, nothing durable, gone when the tests are over.
final class TestCluster: Sendable {
    /// The one that all tests share which do not stop theirs.
    static let shared = TestCluster()

    let folder: String
    /// The newest that Debian's packages have installed.
    private static let programs: String = {
        let versions = try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
        return "/usr/lib/postgresql/\(versions?.compactMap(Int.init).max() ?? 15)/bin"
    }()

    convenience init() {
        self.init(prepared: ())
        start()
    }

    /// One that has a certificate and lets people in by TLS alone, not started yet.
    convenience init(certifiedFor name: String) {
        self.init(prepared: ())
        let (key, certificate) = ("\(folder)/data/server.key", "\(folder)/data/server.crt")
        Self.run(
            "openssl",
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
                + ["-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)"]
                + ["-keyout", key, "-out", certificate]
        )
        Self.run("sed", ["-i", "s/^host /hostssl /", "\(folder)/data/pg_hba.conf"])
        Self.run("cp", [certificate, "\(folder)/server.crt"])
    }

    private init(prepared: Void) {
        folder = "/tmp/ck-\(getpid())-\(Int.random(in: 1000...9999))"
        Self.run("mkdir", ["-m", "0755", folder], asOwner: false)
        if getuid() == 0 { Self.run("chown", ["postgres", folder], asOwner: false) }
        Self.run("\(Self.programs)/initdb", ["-D", "\(folder)/data", "-U", "postgres", "-A", "trust", "--no-sync"])
        Self.running.withLock { $0.append(folder) }
    }

    var conninfo: String { "host=\(folder) user=postgres dbname=postgres" }

    func configuration(_ change: (inout Store.Configuration) -> Void = { _ in }) -> Store.Configuration {
        var configuration = Store.Configuration(conninfo: conninfo)
        change(&configuration)
        return configuration
    }

    func start(_ settings: [String] = []) {
        let settings = ["listen_addresses=''", "fsync=off", "max_connections=300"] + settings
        let options = "-k \(folder) " + settings.map { "-c \($0)" }.joined(separator: " ")
        control(["start", "-w", "-l", "\(folder)/log", "-o", options])
    }

    func restart() { control(["restart", "-m", "immediate", "-w", "-l", "\(folder)/log"]) }

    func stop() { control(["stop", "-m", "immediate", "-w"]) }

    private func control(_ arguments: [String]) {
        Self.run("\(Self.programs)/pg_ctl", ["-D", "\(folder)/data"] + arguments)
    }

    /// Those that `atexit` stops: Swift Testing knows no end of all tests.
    private static let running: Mutex<[String]> = {
        atexit { TestCluster.stopAll() }
        return Mutex([])
    }()

    private static func stopAll() {
        for folder in running.withLock({ $0 }) {
            run("\(programs)/pg_ctl", ["-D", "\(folder)/data", "stop", "-m", "immediate"])
            try? FileManager.default.removeItem(atPath: folder)  // best effort, under /tmp
        }
    }

    /// initdb refuses root, so that root becomes `postgres` for it.
    private static func run(_ program: String, _ arguments: [String], asOwner: Bool = true) {
        // Not Foundation's Process: it waits for everything that inherits its sockets, so for the server itself.
        let prefix = asOwner && getuid() == 0 ? ["runuser", "-u", "postgres", "--"] : []
        let words = (prefix + [program] + arguments).map { "\"\($0)\"" }.joined(separator: " ")
        let status = system("cd /tmp && \(words) </dev/null >/dev/null 2>&1")
        precondition(status == 0 || arguments.contains("stop"), "\(program) failed")
    }
}
