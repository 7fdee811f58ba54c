import CLinux
import Foundation
import Glibc
import Portal
import Postgres
import Synchronization

/// What the process that talks to the network does to itself before it does so: it gives up what it does not need.
enum ServerProcess {
    /// What the server needs and may no longer be able to read once it is unprivileged.
    struct Belongings: Sendable {
        /// Where everything is.
        var paths: InstallationPaths
        /// The certificate with its chain, in PEM.
        var certificate: [UInt8]
        /// The certificate's key, in PEM.
        var certificateKey: [UInt8]
        /// What opens the root key, if something does.
        var passphrase: [UInt8]?
        /// Where error reports go; nil for nowhere.
        var reports: ReportOptions?
        /// Where letters go; nil for nowhere.
        var mail: MailOptions?
    }

    /// Becomes an unprivileged process that leaves no traces of its memory, if it was started as `carekeep serve`.
    ///
    /// The first thing in a *synchronous* `main`, while the process has one thread. In an asynchronous one it is too late:
    /// Swift has then parked the first thread for good, and a parked thread stays root.
    static func enterIfServing() throws {
        let command = CommandLine.arguments.dropFirst().first
        if command == "prove" { dieWithSupervisor() }
        guard command == "serve" else { return }
        let paths = try InstallationPaths(ServerConfiguration.load(from: configFile))
        let belongings = try gather(paths)
        kept.withLock { $0 = belongings }
        if geteuid() == 0 {
            try dropPrivileges(to: paths.accounts.server, butLowPorts: paths.configuration.hasLowPorts)
        }
        dieWithSupervisor()
    }

    /// What was read before privileges were given up; nil in a process that is not the server's.
    static var belongings: Belongings? { kept.withLock { $0 } }

    private static let kept = Mutex<Belongings?>(nil)

    /// The value of `--config`, which has to be known before the arguments are parsed.
    private static var configFile: String? {
        let arguments = CommandLine.arguments
        if let index = arguments.firstIndex(of: "--config"), index + 1 < arguments.count { return arguments[index + 1] }
        let prefix = "--config="
        return arguments.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    private static func gather(_ paths: InstallationPaths) throws -> Belongings {
        let certificate: String
        let key: String
        switch paths.configuration.certificate {
        case .files(let given, let itsKey): (certificate, key) = (given, itsKey)
        case .localAuthority:
            try paths.makeFolders()
            let authority = LocalAuthority(paths)
            try authority.prepare()
            (certificate, key) = (authority.certificateFile, authority.keyFile)
        }
        return Belongings(
            paths: paths,
            certificate: try bytes(of: certificate, "tls.certificate"),
            certificateKey: try bytes(of: key, "tls.key"),
            passphrase: try passphraseKept(paths.configuration.rootKey),
            reports: try reports(paths.configuration.reports),
            mail: try paths.configuration.mail.map { try mail($0, base: paths.configuration.publicAddress) }
        )
    }

    /// Where letters go, by the files that the configuration names.
    static func mail(_ settings: ServerConfiguration.Mail, base: String) throws -> MailOptions {
        var account: MailOptions.Account?
        if let user = settings.user, let file = settings.passwordFile {
            let password = firstLine(of: try bytes(of: file, "mail.password_file"))
            account = MailOptions.Account(user: user, password: String(decoding: password, as: UTF8.self))
            guard account != nil else {
                throw ConfigurationError(
                    file: "configuration",
                    problems: ["mail.password_file must hold a password in its first line, without control characters"]
                )
            }
        }
        let options = MailOptions(
            host: settings.host,
            port: settings.port,
            sealing: settings.sealing,
            account: account,
            from: settings.from,
            authority: try settings.authorityFile.map { try bytes(of: $0, "mail.authority_file") },
            base: base
        )
        guard let options else {
            throw ConfigurationError(file: "configuration", problems: ["mail.tls may be none for this machine only"])
        }
        return options
    }

    private static func firstLine(of text: [UInt8]) -> [UInt8] {
        Array(text.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
    }

    /// Where error reports go, by the files that the configuration names.
    static func reports(_ settings: ServerConfiguration.ErrorReports) throws -> ReportOptions? {
        guard let file = settings.addressFile else { return nil }
        let text = String(decoding: try bytes(of: file, "reports.dsn_file"), as: UTF8.self)
        guard let address = ReportAddress(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ConfigurationError(
                file: "configuration",
                problems: ["reports.dsn_file must hold https://KEY@HOST/PROJECT, and nothing else"]
            )
        }
        return ReportOptions(
            address: address,
            authority: try settings.authorityFile.map { try bytes(of: $0, "reports.authority_file") },
            environment: settings.environment,
            release: Release.name
        )
    }

    /// The root key's passphrase, which no process that this one starts finds in its environment.
    private static func passphraseKept(_ rootKey: ServerConfiguration.RootKey) throws -> [UInt8]? {
        defer { if case .environment(let name) = rootKey.passphrase { unsetenv(name) } }
        return try passphrase(rootKey)
    }

    /// What opens the root key: the first line of the file that the configuration names, or a variable's value.
    static func passphrase(_ rootKey: ServerConfiguration.RootKey) throws -> [UInt8]? {
        switch rootKey.passphrase {
        case .none: return nil
        case .file(let path):
            return firstLine(of: try bytes(of: path, "root_key.passphrase_file"))
        case .environment(let name):
            guard let value = getenv(name) else {
                throw ConfigurationError(
                    file: "configuration",
                    problems: ["root_key.passphrase_environment names no variable that is set"]
                )
            }
            return Array(String(cString: value).utf8)
        }
    }

    private static func bytes(of path: String, _ key: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: "configuration", problems: ["\(key) names a file that cannot be read"])
        }
        return Array(data)
    }

    /// Sees to it that a crash shows nobody's data: of the server, of an import, of whatever starts them (and the databases,
    /// which inherit it). May start the program anew: Swift reads at its start whether to print a crash report, and such a
    /// report prints memory.
    static func leaveNoTraces() throws {
        try forbidCrashReports()
        try hardenProcess()
    }

    /// Starts this program anew, with the same arguments, unless it was started with crash reports off.
    private static func forbidCrashReports() throws {
        let name = "SWIFT_BACKTRACE"
        if let value = getenv(name), String(cString: value) == crashReportsOff { return }
        setenv(name, crashReportsOff, 1)
        _ = withCStrings(CommandLine.arguments) { execv(Supervisor.thisProgram, $0) }
        throw ClusterError("carekeep cannot be started without crash reports: \(String(cString: strerror(errno)))")
    }

    /// The value of `SWIFT_BACKTRACE` under which nothing is printed.
    static let crashReportsOff = "enable=no"

    /// The variable in which the supervisor tells its child who it is.
    static let supervisorVariable = "CAREKEEP_SUPERVISOR"

    /// The variable in which the supervisor tells its child how the one before ended.
    static let lastEndVariable = "CAREKEEP_SERVER_ENDED"

    /// The exit code of the server before this one, if it ended by itself; above 128 it was a signal.
    static var lastEnd: Int32? { getenv(lastEndVariable).flatMap { Int32(String(cString: $0)) } }

    /// Ends with the supervisor, even if that is killed. The kernel sees to it; a change of account would undo it.
    private static func dieWithSupervisor() {
        guard let text = getenv(supervisorVariable), let supervisor = pid_t(String(cString: text)) else { return }
        _ = carekeep_die_with_parent(SIGKILL)
        // It may have ended a moment before.
        if getppid() != supervisor { exit(EX_TEMPFAIL) }
    }
}

/// No core files, no debugger, nobody of the same account reading this process's memory.
func hardenProcess() throws {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0, carekeep_forbid_dumps() == 0 else {
        throw ClusterError("core files cannot be forbidden: \(String(cString: strerror(errno)))")
    }
}

/// Becomes another account for good; with `butLowPorts` it keeps one privilege, to listen on ports below 1024. Takes root,
/// and a process with one thread.
func dropPrivileges(to user: Account, butLowPorts: Bool = false) throws {
    // libc changes the account of every thread but of one that is ending, and Swift's first thread never ends ending.
    guard threadCount() == 1 else {
        throw ClusterError("privileges are given up before a second thread starts: in a synchronous main")
    }
    if butLowPorts, carekeep_keep_capabilities() != 0 {
        throw ClusterError("capabilities cannot be kept: \(String(cString: strerror(errno)))")
    }
    guard initgroups(user.name, user.gid) == 0, setgid(user.gid) == 0, setuid(user.uid) == 0 else {
        throw ClusterError("carekeep cannot become \(user.name): \(String(cString: strerror(errno)))")
    }
    if butLowPorts, carekeep_keep_low_ports_alone() != 0 {
        throw ClusterError(
            "ports below 1024 take CAP_NET_BIND_SERVICE, which carekeep was not given: \(String(cString: strerror(errno)))"
        )
    }
    guard user.uid == 0 || setuid(0) != 0, geteuid() == user.uid, getegid() == user.gid else {
        throw ClusterError("carekeep did not become \(user.name) for good")
    }
    guard carekeep_forbid_new_privileges() == 0, carekeep_forbid_dumps() == 0 else {
        throw ClusterError("privileges cannot be given up: \(String(cString: strerror(errno)))")
    }
}

private func threadCount() -> Int {
    guard let folder = opendir("/proc/self/task") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while let entry = readdir(folder) {
        if Int(ClusterFiles.name(of: entry)) != nil { count += 1 }
    }
    return count
}
