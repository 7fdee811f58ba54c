package import Glibc

/// A program of the machine, started with an argument array and a bare environment; no shell is involved.
///
/// Used for PostgreSQL's own tools and by the supervisor for the server. Foundation's `Process` would do neither:
/// it can put a child neither in a session of its own nor in a process group.
package struct Program: Sendable {
    /// Where the program is: an absolute path.
    package var path: String

    /// What follows the program's name.
    package var arguments: [String]

    /// Everything the program finds in its environment.
    package var environment: [String: String]

    /// The account under which to run. Means something only when this process is root's.
    package var user: Account?

    /// How far the program is kept from the signals of this process's terminal.
    package var apart: Separation

    /// How a child is separated from its parent, so that Ctrl-C in a terminal does not reach it.
    package enum Separation: Sendable {
        /// In a session of its own, without a terminal: databases and their tools.
        case session
        /// In a process group of its own: the server, whose end the supervisor orders itself.
        case group
    }

    /// What a program that has ended left behind.
    package struct Result: Sendable {
        /// What it exited with, or 128 and the number of the signal that ended it, as shells count.
        package var status: Int32
        /// What it printed, on both of its outputs.
        package var output: String
    }

    package init(
        _ path: String,
        _ arguments: [String] = [],
        environment: [String: String] = Program.bareEnvironment,
        user: Account? = nil,
        apart: Separation = .session
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.user = user
        self.apart = apart
    }

    /// A path to find programs on, and messages in plain English: nothing of `PG…` or of the person's own.
    package static let bareEnvironment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"]

    /// Starts the program and returns at once.
    ///
    /// `output` is a descriptor that takes what the program prints; nil for this process's own outputs.
    /// Answers with its process id.
    package func start(output: Int32? = nil) throws(ClusterError) -> pid_t {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        if let output {
            posix_spawn_file_actions_adddup2(&files, output, 1)
            posix_spawn_file_actions_adddup2(&files, output, 2)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var every = sigset_t()
        var none = sigset_t()
        sigfillset(&every)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &every)
        posix_spawnattr_setsigmask(&attributes, &none)
        var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        switch apart {
        case .session: flags |= 0x80  // POSIX_SPAWN_SETSID, which the Glibc module leaves out
        case .group: flags |= Int32(POSIX_SPAWN_SETPGROUP)
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let command = commandLine
        let outcome = withCStrings(command) { arguments in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                var child: pid_t = 0
                let code = posix_spawn(&child, command[0], &files, &attributes, arguments, environment)
                return (code: code, child: child)
            }
        }
        guard outcome.code == 0 else {
            throw ClusterError("\(command[0]) cannot be started: \(String(cString: strerror(outcome.code)))")
        }
        return outcome.child
    }

    /// Starts the program and waits for its end.
    ///
    /// `seconds` is how long it may take; then it and what it started are killed.
    package func run(within seconds: Int = 120) throws(ClusterError) -> Result {
        var ends: [Int32] = [0, 0]
        // A pair of sockets, since these are closed to other programs from the first moment: a database that inherited
        // one end would keep the other from ever ending.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw ClusterError("\(path) cannot be listened to") }
        defer { close(ends[0]) }
        let child: pid_t
        do throws(ClusterError) {
            child = try start(output: ends[1])
        } catch {
            close(ends[1])
            throw error
        }
        close(ends[1])

        let (output, inTime) = Self.drain(ends[0], until: .now + .seconds(seconds))
        if !inTime { kill(-child, SIGKILL) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        guard inTime else { throw ClusterError("\(path) took longer than \(seconds) s and was stopped") }
        return Result(status: Self.exitCode(of: status), output: output)
    }

    /// The number a shell would show for a status of `waitpid`.
    package static func exitCode(of status: Int32) -> Int32 {
        status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// The arguments with the program first; under another account, by way of util-linux's `setpriv`, which changes
    /// user, group and supplementary groups before anything of the program runs.
    private var commandLine: [String] {
        var command = [path] + arguments
        if let user, geteuid() == 0 {
            command =
                ["/usr/bin/setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)", "--init-groups", "--"] + command
        }
        // The folder this process stands in may be closed to that account, and PostgreSQL's tools want to read it.
        return apart == .session ? ["/usr/bin/env", "--chdir=/"] + command : command
    }

    /// Reads until the other end is closed. Says whether that came before the deadline.
    private static func drain(_ descriptor: Int32, until deadline: ContinuousClock.Instant) -> (String, inTime: Bool) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return (String(decoding: bytes, as: UTF8.self), inTime: false) }
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, Int32(left.components.seconds * 1000 + 1)) > 0 else { continue }
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 {
                bytes += buffer[..<count]
            } else if count == 0 || errno != EINTR {
                return (String(decoding: bytes, as: UTF8.self), inTime: true)
            }
        }
    }
}

/// Runs `body` with an array of C strings that ends in nil, as `exec` and its kin want it.
package func withCStrings<R>(
    _ strings: [String],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() {
        list[index] = strdup(string)
    }
    list[strings.count] = nil
    defer {
        for index in strings.indices { free(list[index]) }
        list.deallocate()
    }
    return body(list)
}

/// Why a database of our own, or one given by URL, is not used. The text says what to do about it.
public struct ClusterError: Error, CustomStringConvertible, Equatable {
    public let description: String

    package init(_ description: String) {
        self.description = description
    }
}
