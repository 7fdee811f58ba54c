import Glibc
import Postgres

/// Who may start and stop an installation's databases: one supervisor, or one command at a time where none runs.
///
/// A file with the kernel's locks on two of its bytes, which hold as long as the process, however that ends; children do not
/// inherit them. Beside a supervisor a command needs no lock, since that keeps the databases.
final class InstallationLock {
    private enum Holder {
        case supervisor, command
    }

    private let file: Int32
    private let folder: String
    private var isSupervised = false

    /// Opens the lock's file; makes the folders of a new installation.
    init(_ paths: InstallationPaths) throws(ClusterError) {
        try paths.makeFolders()
        folder = paths.configuration.dataFolder
        file = open(folder + "/carekeep.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw ClusterError("\(folder)/carekeep.lock cannot be opened: \(String(cString: strerror(errno)))")
        }
    }

    // The file stays open: closing it gives the lock away.

    /// Keeps other supervisors off, and commands from stopping what this one started. Waits for a command that is at work.
    func takeForSupervisor() throws(ClusterError) {
        guard try take(for: .supervisor, whileCommandsEnd: "a carekeep command is at work") else {
            throw ClusterError("another carekeep is running on \(folder); stop it first")
        }
    }

    /// Waits for other commands.
    func takeForCommand() throws(ClusterError) {
        isSupervised = try !take(for: .command, whileCommandsEnd: "another carekeep command is at work")
    }

    /// Waits for commands that hold the lock, a minute at most. Answers whether it is taken: beside a supervisor it is not.
    private func take(for holder: Holder, whileCommandsEnd reason: String) throws(ClusterError) -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while !take(for: holder) {
            if isSupervisorAtWork { return false }
            guard ContinuousClock.now < deadline else { throw ClusterError("\(reason) on \(folder); wait for it") }
            usleep(50_000)
        }
        return true
    }

    /// Where a supervisor runs, it starts the databases, and starts them anew: this waits for it to do so.
    func awaitSupervised(_ store: InstalledStore) throws(ClusterError) {
        guard isSupervised, let cluster = store.cluster else { return }
        let deadline = ContinuousClock.now + .seconds(60)
        while !cluster.isRunning {
            guard ContinuousClock.now < deadline else {
                throw ClusterError("carekeep is running on \(folder), but its \(store.name) database is not")
            }
            usleep(50_000)
        }
    }

    private func take(for holder: Holder) -> Bool {
        guard lock(.work) else { return false }
        return holder == .command || lock(.supervision)
    }

    /// The bytes of the file that are locked. Supervision is locked by whoever has locked the work, and never alone.
    private enum Byte: off_t {
        case work, supervision
    }

    // F_OFD_GETLK and F_OFD_SETLK of Linux's fcntl.h, which Glibc shows only with _GNU_SOURCE.
    private static let getLock: Int32 = 36
    private static let setLock: Int32 = 37

    private func lock(_ byte: Byte) -> Bool {
        var region = Self.region(byte)
        return fcntl(file, Self.setLock, &region) == 0
    }

    private var isSupervisorAtWork: Bool {
        var region = Self.region(.supervision)
        return fcntl(file, Self.getLock, &region) == 0 && region.l_type != F_UNLCK
    }

    private static func region(_ byte: Byte) -> flock {
        flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: byte.rawValue, l_len: 1, l_pid: 0)
    }
}
