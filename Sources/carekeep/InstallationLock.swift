import Glibc
import Postgres

/// Who may start and stop an installation's databases: one supervisor, or one command at a time where none runs.
///
/// A file with the kernel's lock on it, which holds as long as the process, however that ends; children do not inherit it.
/// The file's content says who holds it: beside a supervisor a command needs no lock, since that keeps the databases.
final class InstallationLock {
    private enum Holder: String {
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

    /// Keeps other supervisors off, and commands from stopping what this one started.
    func takeForSupervisor() throws(ClusterError) {
        guard take(for: .supervisor) else {
            let who = holder == .command ? "a carekeep command is at work" : "another carekeep is running"
            throw ClusterError("\(who) on \(folder); stop it first")
        }
    }

    /// Waits for other commands, a minute at most.
    func takeForCommand() throws(ClusterError) {
        let deadline = ContinuousClock.now + .seconds(60)
        while !take(for: .command) {
            if holder == .supervisor {
                isSupervised = true
                return
            }
            guard ContinuousClock.now < deadline else {
                throw ClusterError("another carekeep command is at work on \(folder); wait for it")
            }
            usleep(50_000)
        }
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
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else { return false }
        // Whoever cannot write it is taken for a command, for which others wait.
        if ftruncate(file, 0) == 0 { _ = pwrite(file, holder.rawValue, holder.rawValue.utf8.count, 0) }
        return true
    }

    private var holder: Holder? {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(file, &buffer, buffer.count, 0)
        return count > 0 ? Holder(rawValue: String(decoding: buffer[..<count], as: UTF8.self)) : nil
    }
}
