import Foundation
import Glibc
import Postgres

/// Keeps an installation running: the databases, and the server as a child process.
///
/// It starts or adopts the databases and has them migrated, then starts the server, and starts anew whatever of them
/// ends by itself. SIGTERM and Ctrl-C stop the server first and the databases after it; a second one does not wait for
/// the server's last requests. It never talks to the network, so that it can stay root.
struct Supervisor: Sendable {
    /// The stores, in the order in which they start.
    var stores: [InstalledStore]
    /// The program and what follows its name: `carekeep serve …`.
    var server: [String]
    /// What else the server finds in its environment.
    var environment: [String: String] = [:]
    /// Done each time before the server is started, when the databases run: certificates, for example.
    var beforeServer: @Sendable () throws -> Void = {}
    /// Asked once a day; true starts the server anew, for a fresh certificate.
    var daily: @Sendable () throws -> Bool = { false }
    /// The program that tries the promises, and what follows its name: `carekeep prove --quiet …`. Empty if nobody wants that.
    var prove: [String] = []
    /// Ends what a run of that program was lent which was killed: when the databases run, and after such a run was stopped.
    var endLoans: @Sendable () throws -> Void = {}
    /// Where a line about what happens goes.
    var say: @Sendable (String) -> Void = { line in
        FileHandle.standardError.write(Data("carekeep: \(line)\n".utf8))
    }
    /// How patient it is.
    var pace = Pace()

    /// Times that tests shorten.
    struct Pace: Sendable {
        /// Before the first new attempt; each further one waits twice as long.
        var firstWait = Duration.milliseconds(500)
        /// No attempt waits longer.
        var longestWait = Duration.seconds(30)
        /// A server that ran this long was started well.
        var wellStarted = Duration.seconds(10)
        /// How long the server may take to stop.
        var grace = Duration.seconds(25)
        /// How often a server that never started well is started.
        var attempts = 5
        /// How long a server must run before the promises are tried.
        var settled = Duration.seconds(120)
        /// From one time to the next.
        var betweenProofs = Duration.seconds(86_400)
        /// How often it is asked whether there is a fresh certificate.
        var betweenRenewals = Duration.seconds(86_400)
    }

    /// Where this very program is, to be started again as the server.
    static var thisProgram: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // After an upgrade the file of this process is gone by name, but it can still be started.
        return access(path, X_OK) == 0 ? path : "/proc/self/exe"
    }

    /// Exit codes with which a server says that starting it again will not help: bad usage, bad data, bad configuration.
    static let hopeless: Set<Int32> = [EX_USAGE, EX_DATAERR, EX_CONFIG]

    /// Runs until told to stop. Answers with the code to exit with.
    ///
    /// Blocks, on a thread of its own: the kernel ties a child's life to the thread that started it.
    func run() throws -> Int32 {
        let outcome = Outcome()
        let thread = Thread {
            outcome.result = Result { try SupervisorLoop(self).run() }
            outcome.ended.signal()
        }
        thread.name = "supervisor"
        thread.start()
        outcome.ended.wait()
        return try outcome.result.get()
    }

    /// Filled by the supervisor's thread before it signals, read after it did.
    private final class Outcome: @unchecked Sendable {
        var result: Result<Int32, any Error> = .success(EX_SOFTWARE)
        let ended = DispatchSemaphore(value: 0)
    }
}

/// The supervisor at work; used by its one thread.
private final class SupervisorLoop {
    private let supervisor: Supervisor
    private let signals = SupervisorSignals.shared
    private var child: Child?
    private var serverWait: Wait
    private var databaseWaits: [String: Wait]
    private var attempts = 0
    /// How the last server ended, until the next one was told: the supervisor talks to no network itself.
    private var lastEnd: Int32?
    private var nextRenewal: ContinuousClock.Instant
    private var renewalWait: Wait
    /// The promises being tried.
    private var proof: Child?
    private var nextProof = ContinuousClock.now
    /// Whether the proof that runs, or runs next, follows one that crashed.
    private var isSecondProof = false
    private var proofWait: Wait
    /// Whether a server was started since the supervisor was.
    private var hasStarted = false

    private struct Child {
        var id: pid_t
        var started = ContinuousClock.now
    }

    /// The growing pauses between attempts.
    private struct Wait {
        var pause: Duration
        var until = ContinuousClock.now

        init(_ pace: Supervisor.Pace) { pause = pace.firstWait }

        var isOver: Bool { ContinuousClock.now >= until }

        mutating func begin(_ pace: Supervisor.Pace) {
            until = .now + pause
            pause = min(pause * 2, pace.longestWait)
        }
    }

    init(_ supervisor: Supervisor) {
        self.supervisor = supervisor
        serverWait = Wait(supervisor.pace)
        renewalWait = Wait(supervisor.pace)
        proofWait = Wait(supervisor.pace)
        nextRenewal = .now + supervisor.pace.betweenRenewals
        databaseWaits = Dictionary(uniqueKeysWithValues: supervisor.stores.map { ($0.name, Wait(supervisor.pace)) })
    }

    func run() throws -> Int32 {
        signals.begin()
        do {
            try startDatabases()
            let code = try watch()
            stop()
            return code
        } catch {
            stop()
            throw error
        }
    }

    private func startDatabases() throws {
        for store in supervisor.stores {
            let start = try store.start()
            supervisor.say("\(store.name): database \(start.words(own: store.cluster != nil))")
            for step in try store.migrator.up(evenIfReady: false) { supervisor.say("\(store.name): \(step) applied") }
        }
        endLoans()
    }

    /// What keeps it from doing so is said, and keeps nothing else from being done.
    private func endLoans() {
        do { try supervisor.endLoans() } catch {
            supervisor.say("what was lent to try the promises could not be ended: \(error)")
        }
    }

    /// Until a signal to stop, or a server that cannot be started.
    private func watch() throws -> Int32 {
        while true {
            if signals.stopsRequested > 0 { return 0 }
            reviveDatabases()
            if let code = reapServer() { return code }
            try startServerIfDue()
            renewDaily()
            proveIfDue()
            signals.wait(atMost: child == nil ? .milliseconds(100) : .seconds(1))
        }
    }

    private func reviveDatabases() {
        for store in supervisor.stores {
            guard let cluster = store.cluster, !cluster.isRunning, databaseWaits[store.name]?.isOver == true else {
                continue
            }
            supervisor.say("\(store.name): database has ended; it is started again")
            do {
                try cluster.start()
                databaseWaits[store.name] = Wait(supervisor.pace)
                supervisor.say("\(store.name): database is back")
            } catch {
                databaseWaits[store.name]?.begin(supervisor.pace)
                supervisor.say("\(store.name): \(error)")
            }
        }
    }

    /// Buries the server if it has ended. Answers with an exit code if starting it again will not help.
    private func reapServer() -> Int32? {
        guard let child, let code = Self.exitCode(of: child.id) else { return nil }
        self.child = nil
        if ContinuousClock.now - child.started >= supervisor.pace.wellStarted {
            attempts = 0
            serverWait = Wait(supervisor.pace)
        }
        attempts += 1
        if Supervisor.hopeless.contains(code) { return code }
        if attempts >= supervisor.pace.attempts {
            supervisor.say("server has ended with \(code) \(attempts) times; giving up")
            return code == 0 ? EX_SOFTWARE : code
        }
        supervisor.say("server has ended with \(code); it is started again")
        serverWait.begin(supervisor.pace)
        lastEnd = code
        return nil
    }

    private func startServerIfDue() throws {
        guard child == nil, serverWait.isOver, supervisor.stores.allSatisfy({ $0.cluster?.isRunning ?? true }) else {
            return
        }
        do {
            try supervisor.beforeServer()
            child = Child(id: try serverProgram().start())
        } catch {
            // Of no server that ever ran, whoever starts this is told at once. Later the databases may be away for a while.
            guard hasStarted else { throw error }
            supervisor.say("server cannot be started: \(error); it is tried again")
            serverWait.begin(supervisor.pace)
            return
        }
        hasStarted = true
        lastEnd = nil
    }

    private func serverProgram() -> Program {
        var environment = ProcessInfo.processInfo.environment.merging(supervisor.environment) { $1 }
        environment["SWIFT_BACKTRACE"] = ServerProcess.crashReportsOff
        environment[ServerProcess.supervisorVariable] = "\(getpid())"
        environment[ServerProcess.lastEndVariable] = lastEnd.map { "\($0)" }
        return Program(
            supervisor.server[0],
            Array(supervisor.server.dropFirst()),
            environment: environment,
            apart: .group
        )
    }

    /// Has the promises tried, once the server has run for a while and then each day. What was seen is kept in the store and
    /// shown on the trust page.
    private func proveIfDue() {
        if let proof, let code = Self.exitCode(of: proof.id) {
            self.proof = nil
            supervisor.say(Self.words(ofProof: code))
            tryOnceMore(after: code)
            // Whatever ended it, it may have been kept from ending what it was lent.
            if ![0, 1, ProveCommand.notAllTried].contains(code) { endLoans() }
        }
        guard let program = supervisor.prove.first, proof == nil, let child,
            proofWait.isOver, ContinuousClock.now >= max(nextProof, child.started + supervisor.pace.settled)
        else { return }
        var environment = ProcessInfo.processInfo.environment.merging(supervisor.environment) { $1 }
        environment["SWIFT_BACKTRACE"] = ServerProcess.crashReportsOff
        environment[ServerProcess.supervisorVariable] = "\(getpid())"
        let arguments = Array(supervisor.prove.dropFirst())
        do {
            proof = Child(id: try Program(program, arguments, environment: environment, apart: .group).start())
        } catch {
            supervisor.say("the promises cannot be tried: \(error); it is tried again")
            proofWait.begin(supervisor.pace)
            return
        }
        proofWait = Wait(supervisor.pace)
        nextProof = .now + supervisor.pace.betweenProofs
    }

    /// A check that crashed took those behind it along; the next run tries it last.
    private func tryOnceMore(after code: Int32) {
        isSecondProof = code > 128 && !isSecondProof
        if isSecondProof { nextProof = .now + supervisor.pace.settled }
    }

    private static func words(ofProof code: Int32) -> String {
        switch code {
        case 0: "the promises were tried"
        case 1: "the promises were tried, and something falls short: see carekeep prove"
        case ProveCommand.notAllTried:
            "the promises were tried, but not all that could be: see carekeep prove"
        default: "the promises could not be tried (\(code)): see carekeep prove"
        }
    }

    private func stopProof() {
        guard let proof else { return }
        kill(proof.id, SIGKILL)
        while Self.exitCode(of: proof.id) == nil { signals.wait(atMost: .milliseconds(20)) }
        self.proof = nil
        endLoans()
    }

    private func renewDaily() {
        guard renewalWait.isOver, ContinuousClock.now >= nextRenewal else { return }
        let isNew: Bool
        do { isNew = try supervisor.daily() } catch {
            supervisor.say("the server's certificate could not be looked after: \(error); it is tried again")
            renewalWait.begin(supervisor.pace)
            return
        }
        renewalWait = Wait(supervisor.pace)
        nextRenewal = .now + supervisor.pace.betweenRenewals
        if isNew, child != nil {
            supervisor.say("server is started again, with a new certificate")
            stopServer()
            attempts = 0
        }
    }

    // MARK: Stopping

    private func stop() {
        if child != nil { supervisor.say("stopping") }
        stopProof()
        stopServer()
        for store in supervisor.stores {
            do {
                try store.cluster?.stop()
            } catch {
                supervisor.say("\(store.name): \(error)")
            }
        }
    }

    private func stopServer() {
        guard let child else { return }
        kill(child.id, SIGTERM)
        let deadline = ContinuousClock.now + supervisor.pace.grace
        let requested = signals.stopsRequested
        while Self.exitCode(of: child.id) == nil {
            if ContinuousClock.now >= deadline || signals.stopsRequested > max(requested, 1) {
                kill(child.id, SIGKILL)
            }
            signals.wait(atMost: .milliseconds(100))
        }
        self.child = nil
    }

    /// Nil while the process runs.
    private static func exitCode(of child: pid_t) -> Int32? {
        var status: Int32 = 0
        let answer = waitpid(child, &status, WNOHANG)
        if answer == 0 || (answer < 0 && errno == EINTR) { return nil }
        return answer < 0 ? EX_SOFTWARE : Program.exitCode(of: status)
    }
}

extension Cluster.Start {
    fileprivate func words(own: Bool) -> String {
        switch self {
        case .made: "made and started"
        case .started: "started"
        case .adopted: own ? "found running" : "reached"
        }
    }
}

/// Signals, counted, that wake the supervisor up. There is one for the process, since signals are the process's.
final class SupervisorSignals: Sendable {
    /// The process's.
    static let shared = SupervisorSignals()

    private init() {}

    /// Catches what asks the process to stop, and the ends of children.
    func begin() {
        if wakeUpEnds.write < 0 {
            var ends: [Int32] = [0, 0]
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return }
            wakeUpEnds = (ends[0], ends[1])
        }
        stopSignals = 0
        // Ignored signals would stay ignored in children; caught ones do not.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            let kept = errno
            if number != SIGCHLD { stopSignals += 1 }
            var byte = UInt8(1)
            _ = write(wakeUpEnds.write, &byte, 1)
            errno = kept
        }
        action.sa_flags = SA_RESTART
        for number in [SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaction(number, &action, nil) }
    }

    /// How many times the process was asked to stop.
    var stopsRequested: Int { stopSignals }

    /// Sleeps until a signal comes, or the time is over.
    func wait(atMost time: Duration) {
        var watched = pollfd(fd: wakeUpEnds.read, events: Int16(POLLIN), revents: 0)
        let milliseconds = time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000
        guard poll(&watched, 1, Int32(clamping: milliseconds)) > 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 64)
        while read(wakeUpEnds.read, &buffer, buffer.count) > 0 {}
    }
}

// A signal handler is a C function and can reach nothing but globals. Written by the handler and before it is set up;
// a count that is read late is read a second later.
nonisolated(unsafe) private var wakeUpEnds: (read: Int32, write: Int32) = (-1, -1)
nonisolated(unsafe) private var stopSignals = 0
